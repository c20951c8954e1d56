// KvModule: kv:distro:sys behind its mailbox, in a kernel, on a real disk, with two processes that ask it.
#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "modules/database/database_module.h"
#include "modules/kv/kv_engine.h"

namespace kinode::modules::kv {

using database::DatabaseId;
using database::Right;
using kernel::Envelope;
using kernel::testing::Puppet;
using kernel::testing::TempFolder;
using kernel::testing::TestNode;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

inline constexpr std::string_view ok = R"("Ok")";

inline std::string key(std::string_view text) {
  nlohmann::json list = nlohmann::json::array();
  for (char letter : text) {
    list.push_back(static_cast<uint8_t>(letter));
  }
  return list.dump();
}

inline std::optional<Blob> blob(std::string_view bytes) { return Blob{std::nullopt, Bytes::copy_of(bytes)}; }

class KvModule : public ::testing::Test {
 protected:
  explicit KvModule(database::ModuleSettings settings = {}, KvStore::Settings store_settings = {})
      : settings_(settings), store_settings_(std::move(store_settings)) {
    store_settings_.on_write = [this]() -> Result<uint64_t> {
      ++writes_;
      return disk_fails_ ? fail("the disk is full") : Result<uint64_t>(0);
    };
    start();
  }
  ~KvModule() override { stop(); }

  /// A node that begins with what is on the disk.
  void start() {
    store_ = KvStore::open(home_.path(), store_settings_).value();
    engine_ = std::make_unique<KvEngine>(*store_);
    pool_ = std::make_unique<BlockingPool>("kv-test", 3);
    node_ = std::make_unique<TestNode>();
    node_->kernel.add_module(module_address().process(), false, [&](kernel::ProcessContext& context) {
      auto module = std::make_unique<database::DatabaseModule>(context, *engine_, store_->gate(), *pool_, settings_);
      module_ = module.get();
      return module;
    });
    node_->run();
    alice_ = &add("alice:chat:a.os");
    bob_ = &add("bob:other:b.os");
  }
  void stop() {
    node_.reset();
    pool_.reset();
    store_.reset();
  }
  [[nodiscard]] Address module_address() const { return node_->local("kv:distro:sys"); }
  Puppet& add(std::string_view id) {
    Puppet& puppet = node_->add_puppet(id);
    node_->connect(puppet.address(), module_address());
    return puppet;
  }
  void grant(const Puppet& to, Right right, const DatabaseId& id) {
    ASSERT_TRUE(node_->kernel.grant(to.address().process(),
                                    {database::database_capability(module_address(), right, id).value()}));
  }
  static std::string body(std::string_view db, std::string_view action) {
    return fmt::format(R"({{"package_id":{{"package_name":"chat","publisher_node":"a.os"}},"db":"{}","action":{}}})",
                       db, action);
  }
  void settle() {
    do {
      node_->run();
      store_->gate().wait_idle();
    } while (node_->executor.ready() > 0);
  }
  void send(Puppet& from, std::string_view db, std::string_view action, std::optional<Blob> with = {}) {
    EXPECT_EQ(from.request(module_address(), body(db, action), 60, std::move(with), "meta"), kernel::SendStatus::sent);
  }
  /// "-" for none, "timeout" for an error.
  std::string next(Puppet& from) {
    last_ = from.take();
    if (last_ == nullptr) {
      return "-";
    }
    return last_->kind == Envelope::Kind::response ? std::string(last_->response().body.text()) : "timeout";
  }
  std::string ask(Puppet& from, std::string_view action, std::optional<Blob> with = {}, std::string_view db = "db") {
    send(from, db, action, std::move(with));
    settle();
    return next(from);
  }
  std::string set(Puppet& from, std::string_view at, std::string_view value, std::string_view tx = "null") {
    return ask(from, fmt::format(R"({{"Set":{{"key":{},"tx_id":{}}}}})", key(at), tx), blob(value));
  }
  std::string erase(Puppet& from, std::string_view at, std::string_view tx = "null") {
    return ask(from, fmt::format(R"({{"Delete":{{"key":{},"tx_id":{}}}}})", key(at), tx));
  }
  /// The value, or the answer where there is none.
  std::string get(Puppet& from, std::string_view at, std::string_view tx = "") {
    std::string answer = tx.empty() ? ask(from, fmt::format(R"({{"Get":{}}})", key(at)))
                                    : ask(from, fmt::format(R"({{"Get":{{"key":{},"tx_id":{}}}}})", key(at), tx));
    if (answer != fmt::format(R"({{"Get":{}}})", key(at)) || !last_->blob) {
      return answer;
    }
    return std::string(last_->blob->bytes.text());
  }
  std::string begin(Puppet& from) {
    std::string answer = ask(from, R"("BeginTx")");
    EXPECT_THAT(answer, StartsWith(R"({"BeginTx":{"tx_id":)"));
    return std::to_string(nlohmann::json::parse(answer)["BeginTx"]["tx_id"].get<uint64_t>());
  }
  std::string commit(Puppet& from, std::string_view tx) {
    return ask(from, fmt::format(R"({{"Commit":{{"tx_id":{}}}}})", tx));
  }
  std::string rollback(Puppet& from, std::string_view tx) {
    return ask(from, fmt::format(R"({{"Rollback":{{"tx_id":{}}}}})", tx));
  }
  /// The pages of Iterate one after another, as "key=value" each.
  std::vector<std::string> iterate(Puppet& from, nlohmann::json range) {
    std::vector<std::string> found;
    while (true) {
      nlohmann::json answer = nlohmann::json::parse(ask(from, nlohmann::json{{"Iterate", range}}.dump()));
      if (!answer.contains("Iterate")) {
        return {answer.dump()};
      }
      std::vector<Entry> entries = read_entries(last_->blob->bytes.text(), KvLimits{}).value();
      EXPECT_EQ(answer["Iterate"]["count"], entries.size());
      for (const Entry& entry : entries) {
        found.push_back(fmt::format("{}={}", entry.key, entry.value));
      }
      if (answer["Iterate"]["next"].is_null()) {
        return found;
      }
      range["from"] = answer["Iterate"]["next"];
    }
  }
  static std::string no_tx(std::string_view tx) { return fmt::format(R"({{"Err":{{"NoTx":{}}}}})", tx); }
  [[nodiscard]] std::filesystem::path folder(std::string_view db) const {
    return home_.path() / "kv" / "chat:a.os" / db;
  }

  TempFolder home_;
  database::ModuleSettings settings_;
  KvStore::Settings store_settings_;
  std::atomic<int> writes_ = 0;
  std::atomic<bool> disk_fails_ = false;
  std::unique_ptr<KvStore> store_;
  std::unique_ptr<KvEngine> engine_;
  std::unique_ptr<BlockingPool> pool_;
  std::unique_ptr<TestNode> node_;
  database::DatabaseModule* module_ = nullptr;
  Puppet* alice_ = nullptr;
  Puppet* bob_ = nullptr;
  std::unique_ptr<Envelope> last_;
  const DatabaseId db_{PackageId("chat", "a.os"), "db"};
};

}  // namespace kinode::modules::kv
