#include "listing/overview.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/values.h"
#include "ui/describe.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

// How many entries are aligned with each other: the first ones show before the last ones are known.
constexpr std::size_t kTogether = 200;
constexpr std::size_t kShortHash = 8;
constexpr std::size_t kGap = 2;
constexpr std::size_t kShortestText = 16;

struct Column {
  const char* heading;
  std::size_t importance;  // on a narrow terminal those with the least are left out first
  std::size_t widest;
  std::size_t narrowest;  // before one is left out, all are cut to this
  bool shown = true;
  std::size_t width = 0;
};

class Overview final : public Lister {
 public:
  explicit Overview(Context& context) : context_(context) {}

  void add(const ListedEntry& entry) override {
    rows_.push_back(row_of(entry));
    if (rows_.size() == kTogether) print();
  }
  void finish() override {
    if (!rows_.empty() || headings_.empty()) print();
  }

 private:
  enum : std::size_t { kHash, kKind, kModel, kSize, kAge, kLeft, kSession, kEndpoint, kText, kColumns };
  using Row = std::array<std::string, kColumns>;

  Row row_of(const ListedEntry& entry) {
    const lc::KeyOptions& options = context_.key_options();
    const auto parts = lc::EntryName::parse(entry.name, options.scheme);
    Row row;
    row[kHash] = parts ? parts->hash.substr(0, kShortHash) : escaped(entry.name, false);
    row[kSize] = format_size(entry.size);
    if (parts) row[kSession] = escaped(session_of(*parts, options), false);
    row[kKind] = entry.head ? lc::to_string(entry.head->kind) : "unknown";
    if (entry.head) {
      row[kModel] = escaped(entry.head->metadata.model, false);
      row[kAge] = age(*entry.head, now_);
      row[kLeft] = time_left(*entry.head, now_);
      row[kEndpoint] = escaped(without_scheme(entry.head->metadata.endpoint), false);
      row[kText] = on_one_line(asked_in(context_, entry.name));
    }
    sessions_.insert(row[kSession]);
    endpoints_.insert(row[kEndpoint]);
    for (std::string& cell : row) {
      if (cell.empty()) cell = "-";
    }
    return row;
  }

  // All endpoints begin alike otherwise.
  static std::string_view without_scheme(std::string_view endpoint) {
    const std::size_t scheme = endpoint.find("://");
    return scheme == endpoint.npos ? endpoint : endpoint.substr(scheme + 3);
  }

  static std::string on_one_line(const std::string& text) {
    constexpr std::size_t kEnough = 2000;  // bytes, more than a line of any terminal
    std::string line;
    for (const char character : text.substr(0, kEnough)) {
      const bool space = character == '\n' || character == '\t' || character == '\r' || character == ' ';
      if (!space) line += character;
      if (space && !line.empty() && line.back() != ' ') line += ' ';
    }
    return escaped(line, false);
  }

  void print() {
    const std::vector<Column> columns = fit();
    // Again if later entries need other columns.
    if (std::string shown = headings_of(columns); shown != headings_) {
      headings_ = std::move(shown);
      Row headings;
      for (std::size_t i = 0; i < kColumns; ++i) headings[i] = columns[i].heading;
      context_.out().line(line_of(headings, columns), Style::bold);
    }
    for (const Row& row : rows_) context_.out().line(line_of(row, columns));
    rows_.clear();
  }

  // Which columns are shown, and how wide.
  std::vector<Column> fit() const {
    const std::size_t terminal = terminal_columns();
    std::vector<Column> columns{
        {"HASH", 9, 32, 32},    {"KIND", 3, 8, 8},       {"MODEL", 7, std::max<std::size_t>(12, terminal / 5), 12},
        {"SIZE", 2, 8, 8},      {"AGE", 1, 12, 12},      {"LEFT", 4, 12, 12},
        {"SESSION", 6, 16, 10}, {"ENDPOINT", 5, 32, 16}, {"TEXT", 8, terminal, terminal}};
    columns[kSession].shown = sessions_.size() > 1;
    columns[kEndpoint].shown = endpoints_.size() > 1;
    for (std::size_t i = 0; i < kColumns; ++i) {
      columns[i].width = columns_of(columns[i].heading);
      for (const Row& row : rows_) columns[i].width = std::max(columns[i].width, columns_of(row[i]));
      columns[i].width = std::min(columns[i].width, columns[i].widest);
    }
    Column& text = columns[kText];
    for (bool is_cut = false;; is_cut = true) {
      std::size_t used = 0;
      for (const Column& column : columns) {
        if (column.shown && &column != &text) used += column.width + kGap;
      }
      const std::size_t left = terminal > used ? terminal - used : 0;
      const auto last = std::ranges::min_element(
          columns, {}, [](const Column& column) { return column.shown ? column.importance : SIZE_MAX; });
      if (left >= std::min(text.width, kShortestText) || last->importance >= text.importance) {
        text.width = std::min(text.width, left);
        return columns;
      }
      if (is_cut) last->shown = false;
      for (Column& column : columns) column.width = std::min(column.width, column.narrowest);
    }
  }

  static std::string headings_of(const std::vector<Column>& columns) {
    std::string headings;
    for (const Column& column : columns) headings += column.shown ? column.heading : "";
    return headings;
  }

  static std::string line_of(const Row& row, const std::vector<Column>& columns) {
    std::string line;
    std::size_t gap = 0;
    for (std::size_t i = 0; i < kColumns; ++i) {
      if (!columns[i].shown) continue;
      line.append(gap, ' ');
      const std::string cell =
          i == kEndpoint ? fitted_in_the_middle(row[i], columns[i].width) : fitted(row[i], columns[i].width);
      line += cell;
      gap = columns[i].width - columns_of(cell) + kGap;
    }
    return line;
  }

  Context& context_;
  lc::UnixTime now_ = lc::system_now();
  std::vector<Row> rows_;
  std::set<std::string> sessions_;
  std::set<std::string> endpoints_;
  std::string headings_;
};

}  // namespace

std::unique_ptr<Lister> list_overview(Context& context) {
  return std::make_unique<Overview>(context);
}

}  // namespace llmcache
