// What ls shows on a terminal: a line for each entry that tells people which one it is.
#pragma once

#include <memory>

#include "listing/row.h"

namespace llmcache {

// The first digits of the hash, kind, model, size, age, time left and what the user asked, fitted to the terminal; the
// session and the endpoint once entries differ in them. On a narrow terminal the less telling columns are left out.
std::unique_ptr<Lister> list_overview(Context& context);

}  // namespace llmcache
