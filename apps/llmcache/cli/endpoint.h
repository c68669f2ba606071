// The endpoint of a request: from the endpoint setting, or from the URL among COMMAND's arguments.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "context.h"

namespace llmcache {

// The URLs to which COMMAND sends its request: the http and https URLs among the arguments of a known HTTP client that are
// not the values of other options, such as a proxy. If there is one, other arguments may add to its query (curl's --url-query,
// HTTPie's name==value) or replace its path (--request-target).
std::vector<std::string> urls_of(std::span<const std::string> command);

// Uses COMMAND's only URL as the endpoint where the endpoint setting is auto, and warns where the setting names another one.
// Fails: invalid, if the URL cannot be an endpoint.
libcache::Status use_url_of(std::span<const std::string> command, Context& context);

// Whether it is unknown which model a request is for: it has no model, and no endpoint that may name the model is
// known. Answers of different models would share one key.
bool lacks_model(const Context& context, const libcache::RequestKey& key);

// A sentence that names the other endpoints under which the request with this name is stored. Empty if there are none, and
// if the store cannot list cheaply.
std::string other_endpoints(Context& context, const std::string& name);

// Says that there is no entry with this name, and which other endpoints have one.
void report_absent(Context& context, const std::string& name);

}  // namespace llmcache
