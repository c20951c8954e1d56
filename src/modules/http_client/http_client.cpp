#include "modules/http_client/http_client.h"

#include <openssl/ssl.h>

#include <utility>

namespace kinode::modules::http_client {

Result<std::unique_ptr<HttpClient>> HttpClient::open(Settings settings) {
  std::unique_ptr<HttpClient> client(new HttpClient(std::move(settings)));
  if (Result<void> trusted = client->trust(); !trusted) {
    return std::unexpected(trusted.error());
  }
  return client;
}

HttpClient::HttpClient(Settings settings) : shared_(std::move(settings)) {
  for (size_t i = 0; i < shared_.settings.threads; ++i) {
    threads_.push_back(std::make_unique<ClientThread>(shared_));
  }
}

HttpClient::~HttpClient() { stop(); }

Result<void> HttpClient::trust() {
  SSL_CTX* const tls = shared_.tls.native_handle();
  SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
  boost::system::error_code error;
  shared_.tls.set_default_verify_paths(error);
  if (error) {
    return fail("the system's certificates cannot be used: {}", error.message());
  }
  if (!shared_.settings.ca_file.empty()) {
    shared_.tls.load_verify_file(shared_.settings.ca_file, error);
    if (error) {
      return fail("{} cannot be used for certificates: {}. Give a file of certificates in PEM",
                  shared_.settings.ca_file, error.message());
    }
  }
  return {};
}

void HttpClient::start(kernel::ProcessContext& context, std::function<void()> wake) {
  shared_.context = &context;
  wake_ = std::move(wake);
  for (const auto& thread : threads_) {
    thread->start();
  }
}

void HttpClient::stop() {
  shared_.resolver.stop();
  for (const auto& thread : threads_) {
    thread->stop();
  }
}

bool HttpClient::has_room() {
  const std::lock_guard lock(mutex_);
  is_refused_ = unseen_calls_ >= shared_.settings.backlog_calls || unseen_bytes_ >= shared_.settings.backlog_bytes;
  return !is_refused_;
}

void HttpClient::take(Call call, const Address& owner) {
  const size_t bytes = call.request.body.size() + (call.blob ? call.blob->bytes.size() : 0);
  {
    const std::lock_guard lock(mutex_);
    ++unseen_calls_;
    unseen_bytes_ += bytes;
  }
  thread_of(owner.process()).take(std::move(call), owner, [this, bytes] { seen(bytes); });
}

void HttpClient::seen(size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    --unseen_calls_;
    unseen_bytes_ -= bytes;
    if (!std::exchange(is_refused_, false)) {
      return;
    }
  }
  wake_();
}

void HttpClient::end_of(const ProcessId& owner) { thread_of(owner).end_of(owner); }

void HttpClient::retry() {
  for (const auto& thread : threads_) {
    thread->retry();
  }
}

}  // namespace kinode::modules::http_client
