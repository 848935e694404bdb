// Giving up what the enforcer does not need.
#pragma once

#include <string>

namespace enforcer {

// Keeps CAP_NET_ADMIN and nothing else, for good, and forbids starting programs. Returns the error, empty when done.
std::string dropPrivileges();

}  // namespace enforcer
