// Mirrors that are URLs: b.dev fetches zips from a server on this machine (packages-and-kit.md 3.3, Store_S8).

#include <mutex>
#include <utility>

#include "app_store_network_suite.h"
#include "modules/http_client/testing/test_server.h"

namespace kinode::conformance {
namespace {

using modules::http_client::testing::TestConnection;
using modules::http_client::testing::TestServer;

class StoreUrl : public ::testing::Test {
 protected:
  StoreUrl()
      : server_([this](TestConnection& connection) {
          while (true) {
            (void)connection.read();
            const std::scoped_lock lock(mutex_);
            connection.reply(status_, body_);
          }
        }) {
    NodeOptions options{.name = "b.dev", .verbosity = 2, .more = {"--allow-local-requests"}};
    b_ = std::make_unique<NodeProcess>(options);
    b_->connect(downloads_id);
  }
  void TearDown() override {
    if (HasFailure()) {
      std::cerr << "b.dev said:\n" << b_->output() << "\n";
    }
  }

  [[nodiscard]] NodeStore at_b() const { return NodeStore(*b_); }
  /// What the server answers from now on.
  void give(int status, std::string body) {
    const std::scoped_lock lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  [[nodiscard]] std::string fetch(const std::string& hash) const {
    return at_b().download(hash, server_.url("http", "/chat.zip"));
  }

  std::mutex mutex_;
  int status_ = 200;
  std::string body_;
  TestServer server_;
  std::unique_ptr<NodeProcess> b_;
};

TEST_F(StoreUrl, Store_S8_AZipIsFetchedFromAUrl) {
  const std::string bytes = chat_zip("one", Json::object(), size_t{3} << 20U);
  give(200, bytes);
  EXPECT_EQ(fetch(sha256_hex(bytes)), "is complete");
  EXPECT_EQ(read_file(at_b().kept(sha256_hex(bytes))), bytes);
  EXPECT_TRUE(at_b().has_nothing_incoming());
  EXPECT_EQ(Store(*b_).install(chat, sha256_hex(bytes), nullptr), "Success");
}

TEST_F(StoreUrl, Store_S8_OtherBytesAndOtherStatusesAreErrors) {
  const std::string bytes = chat_zip("one");
  const std::string hash = sha256_hex(bytes);
  give(200, chat_zip("two"));
  const Json mismatch = {{"desired", hash}, {"actual", sha256_hex(chat_zip("two"))}};
  EXPECT_EQ(fetch(hash), "failed: " + Json({{"HashMismatch", mismatch}}).dump());
  give(404, bytes);
  EXPECT_EQ(fetch(hash), R"(failed: "HttpClientError")");
  const std::string no_package = zip({{"file", "x"}});
  give(200, no_package);
  EXPECT_EQ(fetch(sha256_hex(no_package)), R"(failed: "InvalidManifest")");
  EXPECT_FALSE(std::filesystem::exists(at_b().kept(hash)));
  EXPECT_TRUE(at_b().has_nothing_incoming());
}

}  // namespace
}  // namespace kinode::conformance
