// Certificates for tests: an authority, and what it says of servers.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace kinode::modules::http_client::testing {

/// Both in PEM.
struct Certificate {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  Authority();

  /// In PEM, for those who trust it.
  [[nodiscard]] std::string certificate() const;
  /// For `names` as OpenSSL writes them: `DNS:localhost,IP:127.0.0.1`. It ends after so many days, which may be
  /// negative.
  [[nodiscard]] Certificate issue(const std::string& names, int days = 30) const;
  /// Of nobody but the server itself.
  static Certificate self_signed(const std::string& names);

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Document = std::unique_ptr<X509, decltype(&X509_free)>;
  static Document make(EVP_PKEY* subject, const std::string& name, const std::string& alternatives, int days,
                       X509* issuer, EVP_PKEY* signing, bool is_authority);

  Key key_;
  Document document_;
};

}  // namespace kinode::modules::http_client::testing
