// Requests as a process writes them are read as they were meant; paths have one normal form.
#include <gtest/gtest.h>

#include <array>

#include "codec/generators_test.h"
#include "codec/json.h"
#include "modules/vfs/vfs_api.h"
#include "modules/vfs/vfs_path.h"

namespace kinode::modules::vfs {
namespace {

using codec::any_text;
using Kind = Action::Kind;
using nlohmann::ordered_json;

Action parsed(const ordered_json& action) {
  std::string path = any_text();
  Result<VfsRequest> request = parse_request(codec::to_text({{"path", path}, {"action", action}}));
  if (!request) {
    RC_FAIL(request.error().message);
  }
  RC_ASSERT(request->path == path);
  return request->action;
}

TEST(VfsApiProperty, ActionsAreReadAsTheyWereMeant) {
  EXPECT_TRUE(rc::check("those that carry something", [](uint64_t number, bool flag) {
    Action open = parsed({{"OpenFile", {{"create", flag}}}});
    RC_ASSERT(open.kind == Kind::open_file);
    RC_ASSERT(open.create == flag);
    Action read = parsed({{"ReadExact", {{"length", number}}}});
    RC_ASSERT(read.kind == Kind::read_exact);
    RC_ASSERT(read.number == number);
    Action range = parsed({{"ReadRange", {{"offset", number}, {"length", number / 3}}}});
    RC_ASSERT(range.kind == Kind::read_range);
    RC_ASSERT(range.offset == number);
    RC_ASSERT(range.number == number / 3);
    Action length = parsed({{"SetLen", number}});
    RC_ASSERT(length.kind == Kind::set_len);
    RC_ASSERT(length.number == number);
    std::string to = any_text();
    for (auto [name, kind] : {std::pair("Rename", Kind::rename), std::pair("CopyFile", Kind::copy_file)}) {
      Action move = parsed({{name, {{"new_path", to}}}});
      RC_ASSERT(move.kind == kind);
      RC_ASSERT(move.new_path == to);
    }
  }));
  EXPECT_TRUE(rc::check("Seek", [](uint64_t start, int64_t offset) {
    RC_ASSERT(parsed({{"Seek", {{"Start", start}}}}).seek.start == start);
    SeekFrom end = parsed({{"Seek", {{"End", offset}}}}).seek;
    RC_ASSERT(end.kind == SeekFrom::Kind::end);
    RC_ASSERT(end.offset == offset);
    SeekFrom current = parsed({{"Seek", {{"Current", offset}}}}).seek;
    RC_ASSERT(current.kind == SeekFrom::Kind::current);
    RC_ASSERT(current.offset == offset);
  }));
  EXPECT_TRUE(rc::check("the limit of open files", [](uint64_t limit) {
    RC_ASSERT(parse_fds_limit(codec::to_text({{"FdsLimit", limit}})) == limit);
  }));
}

/// What the parts of a path come to, by the rule alone; none where it leaves the root.
std::optional<std::vector<std::string>> resolved(const std::vector<std::string>& parts) {
  std::vector<std::string> stack;
  for (const std::string& part : parts) {
    if (part == "..") {
      if (stack.empty()) {
        return std::nullopt;
      }
      stack.pop_back();
    } else if (!part.empty() && part != ".") {
      stack.push_back(part);
    }
  }
  return stack;
}

TEST(VfsPathProperty, IsWhatItsPartsComeTo) {
  EXPECT_TRUE(rc::check("parts, dots and slashes", [] {
    auto part = rc::gen::element<std::string>("..", ".", "", "x", "...", "a b", "é");
    std::vector<std::string> parts = *rc::gen::container<std::vector<std::string>>(part);
    parts.insert(parts.begin(), {"chat:a.os", "files"});
    std::string text = *rc::gen::element<std::string>("", "/", "//", "\\/");
    for (const std::string& each : parts) {
      text += each + "/";
    }
    VfsResult<VfsPath> path = VfsPath::parse(text);
    std::optional<std::vector<std::string>> expected = resolved(parts);
    const bool in_a_drive = expected && expected->size() >= 2 && expected->front() == "chat:a.os";
    RC_ASSERT(path.has_value() == in_a_drive);
    if (path) {
      std::string normal;
      for (const std::string& each : *expected) {
        normal += (normal.empty() ? "" : "/") + each;
      }
      RC_ASSERT(path->text() == normal);
      RC_ASSERT(*VfsPath::parse(path->text()) == *path);
      RC_ASSERT(path->drive() == (*expected)[1]);
    }
  }));
}

}  // namespace
}  // namespace kinode::modules::vfs
