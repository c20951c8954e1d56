// Owners of OpenSSL's objects. Of this room alone.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

namespace kinode::crypto {

/// Frees with the function named.
template <auto Free>
struct OpensslFree {
  template <class Object>
  void operator()(Object* object) const {
    Free(object);
  }
};

using EvpKey = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using EvpKeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using EvpDigestContext = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using EvpCipherContext = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<EVP_CIPHER_CTX_free>>;

/// After a failure that somebody else caused: what OpenSSL keeps of it would be taken for the failure of the next TLS
/// connection that this thread serves.
inline void forget_errors() { ERR_clear_error(); }

}  // namespace kinode::crypto
