#pragma once

#include <kinode/bytes.h>

#include <string>

namespace terminal {

/// Bytes for a person: themselves if they are UTF-8, else how many they are.
std::string shown(const kinode::Bytes& bytes);

}  // namespace terminal
