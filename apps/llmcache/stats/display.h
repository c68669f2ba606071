// Statistics for people: aligned and with bars on a terminal, separated by tabs elsewhere.
#pragma once

#include "stats/group.h"
#include "ui/output.h"

namespace llmcache {

// `columns`: the width of the terminal.
void display(const Summary& summary, Output& out, std::size_t columns);
void display(const libcache::StoreSize& entries, Output& out, std::size_t columns);

}  // namespace llmcache
