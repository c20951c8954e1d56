#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "kinode/process.h"

/// Other nodes' keys, and signatures: requests to `net:distro:sys`, each awaited. The process needs net's messaging
/// capability, and must grant net its own, as every process that is not public.
///
/// A signature is of a process: what is signed begins with its address, so no process can sign in another's name.

namespace kinode::net {

/// Signs `bytes` as this process of this node, with the node's networking key: 64 bytes (Ed25519). Else why not.
std::expected<Bytes, std::string> sign(const Bytes& bytes);

/// Whether `signature` is of `bytes` by the process `signer`, whose node must be known. Else why that cannot be told.
std::expected<bool, std::string> verify(const Address& signer, const Bytes& signature, const Bytes& bytes);

/// The networking key of a node in lower-case hexadecimal digits, of this node too. None: the node is not known.
std::expected<std::optional<std::string>, std::string> networking_key(std::string_view node);

}  // namespace kinode::net
