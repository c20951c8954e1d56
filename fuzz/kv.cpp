// kv:distro:sys by hostile requests: each line of the input is a request, and what follows it is its blob.
//
// Whatever is asked, each request is answered in JSON, and nothing beside the databases is read, changed or made.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "codec/json.h"
#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "modules/database/database_module.h"
#include "modules/kv/kv_engine.h"

using namespace kinode;
using namespace kinode::kernel::testing;
using namespace kinode::modules;
namespace fs = std::filesystem;

namespace {

constexpr int most_requests = 24;
constexpr std::string_view secret = "what no stranger may read";
constexpr std::string_view envelope_of_secret =
    R"({"package_id":{"package_name":"chat","publisher_node":"a.os"},"db":"d","action":)";

/// Opening a database costs milliseconds: all inputs share one home. What they may not do is looked at after each.
class Session {
 public:
  /// The home outlives it.
  explicit Session(fs::path home) : home_(std::move(home)), store_(*kv::KvStore::open(home_, {})), engine_(*store_) {
    node_.kernel.add_module(address_.process(), false, [&](kernel::ProcessContext& context) {
      return std::make_unique<database::DatabaseModule>(context, engine_, store_->gate(), pool_);
    });
    node_.run();
    for (Puppet* puppet : {&owner_, &stranger_}) {
      node_.connect(puppet->address(), address_);
    }
  }

  /// An earlier input may have removed it.
  void put_secret() {
    const Blob value{std::nullopt, Bytes::copy_of(secret)};
    for (const char* action : {R"("Open"})", R"({"Set":{"key":[1]}}})"}) {
      owner_.request(address_, std::string(envelope_of_secret) + action, 5, value);
      ++sent_;
    }
  }

  void send(std::string_view body, std::string_view rest) {
    for (Puppet* puppet : {&stranger_, &owner_}) {
      puppet->request(address_, body, 5, Blob{std::nullopt, Bytes::copy_of(rest)});
      ++sent_;
    }
  }

  void check_answers() {
    do {
      node_.run();
      store_->gate().wait_idle();
    } while (node_.executor.ready() > 0);
    size_t answered = 0;
    for (Puppet* puppet : {&stranger_, &owner_}) {
      while (std::unique_ptr<kernel::Envelope> envelope = puppet->take()) {
        KINODE_CHECK(envelope->kind == kernel::Envelope::Kind::response);
        const std::string_view body = envelope->response().body.text();
        KINODE_CHECK(codec::parse_json(body).has_value(), "{}", body);
        KINODE_CHECK(!body.contains(home_.string()), "a path of the host: {}", body);
        KINODE_CHECK(puppet == &owner_ || !envelope->blob || !envelope->blob->bytes.text().contains(secret), "{}",
                     body);
        ++answered;
      }
    }
    KINODE_CHECK(answered == std::exchange(sent_, 0), "{} answers", answered);
    KINODE_CHECK(entries(home_) == 1, "something is beside kv");
    for (const auto& entry : fs::directory_iterator(home_ / "kv")) {
      const std::string name = entry.path().filename();
      KINODE_CHECK(name == "chat:a.os" || name == ".removed" || name == "other:b.os", "{}", name);
    }
  }

 private:
  static ptrdiff_t entries(const fs::path& folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  }

  const fs::path home_;
  BlockingPool pool_{"kv", 1};
  std::unique_ptr<kv::KvStore> store_;
  kv::KvEngine engine_;
  TestNode node_;
  Address address_ = node_.local("kv:distro:sys");
  Puppet& owner_ = node_.add_puppet("alice:chat:a.os");
  Puppet& stranger_ = node_.add_puppet("bob:other:b.os");
  size_t sent_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TempFolder home;
  // Never taken down: at the program's end RocksDB's own statics may be gone before it.
  static Session& session = *new Session(home.path());
  session.put_secret();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int i = 0; i < most_requests && !rest.empty(); ++i) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    session.send(line, rest);
  }
  session.check_answers();
  return 0;
}
