// VfsSuite: test cases that talk to vfs:distro:sys through actors of two packages.
#pragma once

#include <algorithm>
#include <filesystem>

#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {

inline std::string hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4U];
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

// ---- actions, and answers to the letter ---

inline Json open_file(bool create) { return {{"OpenFile", {{"create", create}}}}; }
inline Json seek(const char* from, const Json& offset) { return {{"Seek", {{from, offset}}}}; }
inline Json read_exact(uint64_t length) { return {{"ReadExact", {{"length", length}}}}; }
inline Json new_path(const char* action, const std::string& path) { return {{action, {{"new_path", path}}}}; }

inline const std::string ok = R"("Ok")";
inline const std::string malformed = R"({"Err":"MalformedRequest"})";
inline const std::string no_blob = R"({"Err":"NoBlob"})";
inline const std::string no_read = R"({"Err":"NoReadCap"})";
inline const std::string no_write = R"({"Err":"NoWriteCap"})";
inline std::string io_error(const std::string& text) { return R"({"Err":{"IOError":")" + text + R"("}})"; }
inline const std::string not_found = io_error("No such file or directory (os error 2)");
inline const std::string exists = io_error("File exists (os error 17)");
inline const std::string not_a_directory = io_error("Not a directory (os error 20)");
inline const std::string is_a_directory = io_error("Is a directory (os error 21)");
inline const std::string invalid = io_error("Invalid argument (os error 22)");
inline const std::string name_too_long = io_error("File name too long (os error 36)");
inline const std::string not_empty = io_error("Directory not empty (os error 39)");
inline const std::string early_eof = io_error("early eof");

template <class Self>
class VfsSuite : public Suite<Self> {
 public:
  static NodeOptions node_options() { return {.bootstrap = {built_package("test-kit"), built_package("other-kit")}}; }
  static std::vector<std::string> connected() { return {plain, second, other}; }

 protected:
  /// The event of the answer to an action that `process` asks for.
  [[nodiscard]] Json ask_vfs(const std::string& process, const std::string& path, Json action,
                             Json more = Json::object()) const {
    Json event = this->one(process, await_vfs(path, std::move(action), std::move(more)));
    EXPECT_EQ(event["kind"], "response") << path;
    EXPECT_EQ(event["source"], this->address(vfs_id));
    return event;
  }
  /// The answer's body.
  [[nodiscard]] std::string vfs(const std::string& process, const std::string& path, Json action,
                                Json more = Json::object()) const {
    return ask_vfs(process, path, std::move(action), std::move(more))["body"].template get<std::string>();
  }
  /// What the case needs before it can check anything.
  void vfs_ok(const std::string& process, const std::string& path, const Json& action,
              Json more = Json::object()) const {
    const std::string body = vfs(process, path, action, std::move(more));
    if (body.starts_with(R"({"Err")")) {
      throw Failure(action.dump() + " of " + path + ": " + body);
    }
  }
  [[nodiscard]] std::string read(const std::string& process, const std::string& path) const {
    const Json event = ask_vfs(process, path, "Read");
    if (event["body"] != R"("Read")") {
      throw Failure("Read of " + path + ": " + event["body"].template get<std::string>());
    }
    return event["blob"]["bytes"].template get<std::string>();
  }
  /// The answer to AddZip of an archive with these entries.
  [[nodiscard]] std::string add_zip(const std::string& path,
                                    const std::vector<std::pair<std::string, std::string>>& entries) const {
    return vfs(actor, path, "AddZip", {{"blob", {{"hex", hex(zip(entries))}}}});
  }
};

/// The same, with a drive that is empty, for each case.
template <class Self>
class VfsFiles : public VfsSuite<Self> {
 protected:
  void SetUp() override {
    VfsSuite<Self>::SetUp();
    this->vfs_ok(actor, drive, "CreateDrive");
    this->vfs_ok(actor, drive, "RemoveDirAll", {{"expects", 60}});  // a case may leave thousands of files
    this->vfs_ok(actor, drive, "CreateDrive");
  }
  const std::string drive = "/test-kit:test.os/conformance";
  const std::string file = drive + "/file";

  /// The file, with this content and no handle open.
  void put(const std::string& path, const std::string& content) const {
    this->vfs_ok(actor, path, "Write", {{"blob", content}});
    this->vfs_ok(actor, path, "CloseFile");
  }
  [[nodiscard]] std::string content(const std::string& path) const { return this->read(actor, path); }
  /// What `ReadToString` gives: from the cursor on.
  [[nodiscard]] std::string rest(const std::string& path) const {
    return Json::parse(this->vfs(actor, path, "ReadToString")).at("ReadToString").template get<std::string>();
  }
  /// What ReadDir gives, in order.
  [[nodiscard]] Json listing(const std::string& path) const {
    Json list = Json::parse(this->vfs(actor, path, "ReadDir")).at("ReadDir");
    std::sort(list.begin(), list.end());
    return list;
  }
};

}  // namespace kinode::conformance
