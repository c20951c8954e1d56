#include "modules/http_client/testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>

#include "base/check.h"

namespace kinode::modules::http_client::testing {
namespace {

constexpr long day = 24L * 60 * 60;

template <class Write>
std::string pem_of(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  KINODE_CHECK(write(memory.get()) == 1, "cannot write PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<size_t>(size)};
}

void add_extension(X509* document, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, document, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  KINODE_CHECK(extension != nullptr, "no extension {}", value);
  X509_add_ext(document, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate pem_of(X509* document, EVP_PKEY* key) {
  return {pem_of([&](BIO* out) { return PEM_write_bio_X509(out, document); }),
          pem_of([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace

Authority::Document Authority::make(EVP_PKEY* subject, const std::string& name, const std::string& alternatives,
                                    int days, X509* issuer, EVP_PKEY* signing, bool is_authority) {
  Document document(X509_new(), &X509_free);
  X509* const x509 = document.get();
  X509_set_version(x509, X509_VERSION_3);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60 * day);
  X509_gmtime_adj(X509_getm_notAfter(x509), days * day);
  X509_set_pubkey(x509, subject);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const above = issuer != nullptr ? issuer : x509;
  X509_set_issuer_name(x509, X509_get_subject_name(above));
  add_extension(x509, above, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!alternatives.empty()) {
    add_extension(x509, above, NID_subject_alt_name, alternatives);
  }
  KINODE_CHECK(X509_sign(x509, signing, EVP_sha256()) != 0, "cannot sign");
  return document;
}

Authority::Authority()
    : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free),
      document_(make(key_.get(), "test authority", "", 30, nullptr, key_.get(), true)) {}

std::string Authority::certificate() const {
  return pem_of([&](BIO* out) { return PEM_write_bio_X509(out, document_.get()); });
}

Certificate Authority::issue(const std::string& names, int days) const {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Document document = make(key.get(), "test server", names, days, document_.get(), key_.get(), false);
  return pem_of(document.get(), key.get());
}

Certificate Authority::self_signed(const std::string& names) {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Document document = make(key.get(), "test server", names, 30, nullptr, key.get(), false);
  return pem_of(document.get(), key.get());
}

}  // namespace kinode::modules::http_client::testing
