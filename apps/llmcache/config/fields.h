// How the values of settings are read and written, by type. A field is named by the path of members that leads to it:
// duration<&Settings::store, &StoreOptions::redis, &RedisOptions::connect_timeout>.
#pragma once

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <type_traits>

#include "config/settings.h"

namespace llmcache::fields {

using Texts = std::vector<std::string>;

template <auto... Path>
auto& at(auto& settings) {
  return (settings.*....*Path);
}

// No text for a value that is not set.
inline Texts if_set(std::string text) {
  return text.empty() ? Texts() : Texts{std::move(text)};
}

template <auto... Path>
constexpr Field text() {
  return {ValueKind::text, [](Settings& s, const Texts& v) { at<Path...>(s) = v.back(); },
          [](const Settings& s) { return if_set(std::string(at<Path...>(s))); }};
}

template <auto... Path>
constexpr Field path() {
  return {ValueKind::path, [](Settings& s, const Texts& v) { at<Path...>(s) = v.back(); },
          [](const Settings& s) { return if_set(std::filesystem::path(at<Path...>(s)).string()); }};
}

template <auto... Path>
constexpr Field optional_text(ValueKind kind = ValueKind::text) {
  return {kind, [](Settings& s, const Texts& v) { at<Path...>(s) = v.back(); },
          [](const Settings& s) { return at<Path...>(s) ? Texts{*at<Path...>(s)} : Texts(); }};
}

template <auto... Path>
constexpr Field boolean() {
  return {ValueKind::boolean, [](Settings& s, const Texts& v) { at<Path...>(s) = parse_bool(v.back()); },
          [](const Settings& s) { return Texts{at<Path...>(s) ? "true" : "false"}; }};
}

template <auto... Path>
constexpr Field duration() {
  return {ValueKind::text, [](Settings& s, const Texts& v) { at<Path...>(s) = parse_duration(v.back()); },
          [](const Settings& s) { return Texts{exact_duration(at<Path...>(s))}; }};
}

// A duration that may be unset.
template <auto... Path>
constexpr Field optional_duration() {
  return {ValueKind::text, [](Settings& s, const Texts& v) { at<Path...>(s) = parse_duration(v.back()); },
          [](const Settings& s) { return at<Path...>(s) ? Texts{exact_duration(*at<Path...>(s))} : Texts(); }};
}

template <auto... Path>
constexpr Field duration_or_never() {
  return {ValueKind::text, [](Settings& s, const Texts& v) { at<Path...>(s) = parse_duration_or_never(v.back()); },
          [](const Settings& s) { return Texts{at<Path...>(s) ? exact_duration(*at<Path...>(s)) : "never"}; }};
}

template <auto... Path>
constexpr Field size() {
  return {ValueKind::text, [](Settings& s, const Texts& v) { at<Path...>(s) = parse_size(v.back()); },
          [](const Settings& s) { return Texts{exact_size(at<Path...>(s))}; }};
}

template <std::uint64_t Smallest, std::uint64_t Largest, auto... Path>
constexpr Field count() {
  return {ValueKind::number,
          [](Settings& s, const Texts& v) {
            auto& number = at<Path...>(s);
            number = static_cast<std::remove_reference_t<decltype(number)>>(parse_count(v.back(), Smallest, Largest));
          },
          [](const Settings& s) { return Texts{std::to_string(at<Path...>(s))}; }};
}

template <const auto& Choices, auto... Path>
constexpr Field choice() {
  return {ValueKind::text, [](Settings& s, const Texts& v) { at<Path...>(s) = parse_choice(v.back(), Choices); },
          [](const Settings& s) {
            return Texts{
                std::string(std::ranges::find(Choices, at<Path...>(s), [](const auto& c) { return c.value; })->name)};
          },
          [] { return names_of(Choices); }};
}

template <auto... Path>
constexpr Field list(ValueKind kind = ValueKind::list) {
  return {kind, [](Settings& s, const Texts& v) { at<Path...>(s) = v; },
          [](const Settings& s) { return at<Path...>(s); }};
}

// A list whose elements may also be given as one text.
template <char Separator, auto... Path>
constexpr Field separated() {
  return {ValueKind::list,
          [](Settings& s, const Texts& v) {
            Texts& all = at<Path...>(s);
            all.clear();
            for (const std::string& text : v) {
              auto parts = split(text, Separator);
              if (parts.empty()) usage_error(fmt::format("'{}' is an empty list", shortened(text)));
              std::ranges::move(parts, std::back_inserter(all));
            }
          },
          [](const Settings& s) { return at<Path...>(s); }};
}

}  // namespace llmcache::fields
