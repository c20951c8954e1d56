#pragma once

#include <kinode/json.h>

/// The state of main:app-store:sys: a JSON object, each member of which belongs to one of its parts.
namespace app_store {

/// Null: it was never set.
kinode::Json state_member(const char* name);
/// The other members stay.
void set_state_member(const char* name, kinode::Json value);

}  // namespace app_store
