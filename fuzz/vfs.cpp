// vfs:distro:sys by hostile requests: each line of the input is a request, and what follows it is its blob.
//
// Beside the vfs lies a secret, and in it links that lead there. Nothing outside the vfs may be read,
// changed or made.
#include "modules/vfs/vfs.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/json.h"
#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "modules/vfs/vfs_module.h"

using namespace kinode;
using namespace kinode::kernel::testing;
using namespace kinode::modules::vfs;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view secret = "what no process may read";
constexpr int most_requests = 24;

void check_path(std::string_view text) {
  VfsResult<VfsPath> path = VfsPath::parse(text);
  if (!path) {
    return;
  }
  KINODE_CHECK(!path->drive().empty() && path->package_part() == path->package().text(), "{}", path->text());
  KINODE_CHECK(*VfsPath::parse(path->text()) == *path, "{}", path->text());
  KINODE_CHECK(*VfsPath::parse(path->capability_drive()) == path->drive_root(), "{}", path->text());
  KINODE_CHECK(path->drive_root().below(path->rest()) == *path, "{}", path->text());
  const fs::path parts(path->text());
  KINODE_CHECK(std::ranges::none_of(parts, [](const fs::path& part) { return part == ".." || part == "."; }));
}

/// A home with a vfs, and beside it what must stay as it is. Made anew for each input, so that one
/// input is all that a finding needs.
class Host {
 public:
  Host() {
    fs::create_directories(home() / "vfs/chat:a.os/files/sub");
    fs::create_directories(home() / "secrets");
    std::ofstream(home() / "secrets/secret") << secret;
    std::ofstream(home() / "vfs/chat:a.os/files/x") << "content";
    fs::create_symlink("../../../secrets", home() / "vfs/chat:a.os/files/out");
    fs::create_symlink(home() / "secrets/secret", home() / "vfs/chat:a.os/files/stolen");
    fs::create_symlink("x", home() / "vfs/chat:a.os/files/link");
  }

  [[nodiscard]] fs::path home() const { return folder_.path(); }

  void check_outside() const {
    std::ifstream in(home() / "secrets/secret", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    KINODE_CHECK(text == secret, "{}", text);
    KINODE_CHECK(entries(home()) == 2 && entries(home() / "secrets") == 1);
  }

 private:
  static ptrdiff_t entries(const fs::path& folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  }
  TempFolder folder_;
};

class Session {
 public:
  explicit Session(const Host& host) : vfs_(*Vfs::open(host.home().string(), settings())) {
    node_.kernel.add_module(address_.process(), false, [&](kernel::ProcessContext& context) {
      auto module = std::make_unique<VfsModule>(context, *vfs_, pool_, ModuleSettings{});
      module_ = module.get();
      return module;
    });
    node_.run();
    for (Puppet* puppet : {&owner_, &stranger_}) {
      node_.connect(puppet->address(), address_);
    }
  }

  void send(std::string_view body, std::string_view rest) {
    for (Puppet* puppet : {&stranger_, &owner_}) {
      puppet->request(address_, body, 5, Blob{std::nullopt, Bytes::copy_of(rest)});
    }
    ++sent_;
  }

  void check_answers() {
    do {
      node_.run();
      module_->wait_idle();
    } while (node_.executor.ready() > 0);
    for (Puppet* puppet : {&stranger_, &owner_}) {
      KINODE_CHECK(puppet->received() == sent_, "{} of {}", puppet->received(), sent_);
      while (std::unique_ptr<kernel::Envelope> envelope = puppet->take()) {
        check_answer(*envelope);
      }
    }
  }

 private:
  static Settings settings() {
    Settings settings;
    settings.most_bytes_read = 1 << 20;
    settings.most_bytes_hashed = 1 << 20;
    settings.archive = {
        .entries = 64, .unpacked_bytes = 1 << 20, .ratio = 250, .ratio_from = 1 << 16, .name_bytes = 512};
    return settings;
  }
  static void check_answer(const kernel::Envelope& envelope) {
    KINODE_CHECK(envelope.kind == kernel::Envelope::Kind::response);
    const std::string_view body = envelope.response().body.text();
    Result<nlohmann::json> answer = codec::parse_json(body);
    KINODE_CHECK(answer.has_value(), "{}", body);
    KINODE_CHECK(!body.contains(secret) && (!envelope.blob || !envelope.blob->bytes.text().contains(secret)));
  }

  BlockingPool pool_{"vfs", 1};
  std::unique_ptr<Vfs> vfs_;
  TestNode node_;
  Address address_ = node_.local("vfs:distro:sys");
  VfsModule* module_ = nullptr;
  Puppet& owner_ = node_.add_puppet("alice:chat:a.os");
  Puppet& stranger_ = node_.add_puppet("bob:other:b.os");
  size_t sent_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  check_path(rest);
  Host host;
  {
    Session session(host);  // gone before what it did is looked at
    for (int i = 0; i < most_requests && !rest.empty(); ++i) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      check_path(line);
      session.send(line, rest);
    }
    session.check_answers();
  }
  host.check_outside();
  return 0;
}
