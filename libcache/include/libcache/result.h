// The one error system of libcache.
//
// Every function that can fail returns a Result. No exception leaves the library except those that a program's own
// callbacks throw (an allocation that fails ends the program, as everywhere in C++), and nothing in it prints, exits or
// aborts. A miss is not an error.
#pragma once

#include <libcache/export.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace libcache LIBCACHE_EXPORT {

/// The kinds of failures that a caller can act on. The program's exit codes derive from these (llmcache(1)).
enum class ErrorCode {
  invalid,        ///< the input is wrong: not a request, a bad option, a malformed URL
  not_supported,  ///< the input is right, but this build, store or scheme cannot do it
  unavailable,    ///< the store cannot be reached or is busy; a retry may help
  timeout,        ///< the deadline passed first; a retry may help
  refused,        ///< the store rejected it; an operator must act (permissions, full disk, credentials)
  corrupt,        ///< stored bytes are damaged or incomplete
  policy,         ///< forbidden by the cache's policy: not cacheable, larger than the limit
  internal,       ///< a defect in libcache
};

/// The name of the enumerator, for logs and JSON.
std::string_view to_string(ErrorCode code);

/// A failure. `message` is one line of English for people; it never holds a password or a request body.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// The failure of any Result, to return a new error, `return fail(ErrorCode::invalid, "empty request");`, or that of
/// another Result, `if (!value) return fail(value.error());`
inline tl::unexpected<Error> fail(Error error) {
  return tl::make_unexpected(std::move(error));
}
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return fail(Error{code, std::move(message)});
}

}  // namespace libcache LIBCACHE_EXPORT
