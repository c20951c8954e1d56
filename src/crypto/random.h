// Random bytes for keys, nonces and salts. Not behind an interface as base/random.h is: no simulation may choose keys.
#pragma once

#include <cstdint>
#include <span>

namespace kinode::crypto {

/// Of OpenSSL's generator for secrets, which the operating system seeds. Ends the node where there is no randomness.
/// Any thread.
void fill_random(std::span<uint8_t> bytes);

}  // namespace kinode::crypto
