#include "modules/vfs/vfs_api.h"

#include <gtest/gtest.h>

namespace kinode::modules::vfs {
namespace {

std::optional<Action> action_of(const std::string& json) {
  auto request = parse_request(R"({"path":"/a:b/c","action":)" + json + "}");
  return request ? std::optional(request->action) : std::nullopt;
}

TEST(VfsApiTest, ReadsEveryAction) {
  for (const char* name :
       {"CreateDrive", "CreateDir",    "CreateDirAll", "CreateFile", "CloseFile",    "Write",   "WriteAll",
        "Append",      "SyncAll",      "Read",         "ReadToEnd",  "ReadToString", "ReadDir", "RemoveFile",
        "RemoveDir",   "RemoveDirAll", "Metadata",     "Len",        "Hash",         "AddZip"}) {
    EXPECT_TRUE(action_of("\"" + std::string(name) + "\"")) << name;
    EXPECT_TRUE(action_of("{\"" + std::string(name) + "\":null}")) << name;
  }
  EXPECT_TRUE(action_of(R"({"OpenFile":{"create":true}})")->create);
  EXPECT_EQ(action_of(R"({"ReadExact":{"length":18446744073709551615}})")->number, UINT64_MAX);
  const std::optional<Action> range = action_of(R"({"ReadRange":{"offset":18446744073709551615,"length":7}})");
  EXPECT_EQ(range->kind, Action::Kind::read_range);
  EXPECT_EQ(range->offset, UINT64_MAX);
  EXPECT_EQ(range->number, 7U);
  EXPECT_EQ(action_of(R"({"SetLen":7})")->number, 7U);
  EXPECT_EQ(action_of(R"({"Rename":{"new_path":"/a:b/d"}})")->new_path, "/a:b/d");
  EXPECT_EQ(action_of(R"({"CopyFile":{"new_path":"/a:b/d"}})")->kind, Action::Kind::copy_file);
  EXPECT_EQ(action_of(R"({"Seek":{"Start":9}})")->seek.start, 9U);
  EXPECT_EQ(action_of(R"({"Seek":{"End":-9}})")->seek.offset, -9);
  EXPECT_EQ(action_of(R"({"Seek":{"Current":1}})")->seek.kind, SeekFrom::Kind::current);
}

TEST(VfsApiTest, RefusesWhatIsNone) {
  for (const char* json :
       {"\"Reed\"", "5", "null", "{}", R"({"OpenFile":{}})", R"({"OpenFile":{"create":1}})", R"("SetLen")",
        R"({"SetLen":-1})", R"({"Seek":{"Start":-1}})", R"({"Seek":"Start"})", R"({"Seek":{"Middle":1}})",
        R"({"Rename":{}})", R"({"Read":1})", R"({"ReadRange":{"offset":1}})",
        R"({"ReadRange":{"offset":-1,"length":1}})", R"({"ReadRange":5})"}) {
    EXPECT_FALSE(action_of(json)) << json;
  }
  for (const char* body : {"", "{}", R"({"path":"/a:b/c"})", R"({"path":5,"action":"Read"})", "not json"}) {
    EXPECT_FALSE(parse_request(body)) << body;
  }
}

TEST(VfsApiTest, UnknownFieldsAreIgnored) { EXPECT_TRUE(parse_request(R"( {"more":1,"action":"Read","path":"x"} )")); }

TEST(VfsApiTest, WritesAnswersAsProcessesReadThem) {
  EXPECT_EQ(answers::ok(), R"("Ok")");
  EXPECT_EQ(answers::read(), R"("Read")");
  EXPECT_EQ(answers::read_to_string("a\"b\n"), R"({"ReadToString":"a\"b\n"})");
  EXPECT_EQ(answers::read_dir({{"a:b/c/x", FileKind::file}, {"a:b/c/y", FileKind::symlink}}),
            R"({"ReadDir":[{"path":"a:b/c/x","file_type":"File"},{"path":"a:b/c/y","file_type":"Symlink"}]})");
  EXPECT_EQ(answers::read_dir({}), R"({"ReadDir":[]})");
  EXPECT_EQ(answers::seek_from(5), R"({"SeekFrom":{"new_offset":5}})");
  EXPECT_EQ(answers::metadata({FileKind::directory, 4096}), R"({"Metadata":{"file_type":"Directory","len":4096}})");
  EXPECT_EQ(answers::metadata({FileKind::other, 0}), R"({"Metadata":{"file_type":"Other","len":0}})");
  EXPECT_EQ(answers::len(UINT64_MAX), R"({"Len":18446744073709551615})");
  EXPECT_EQ(answers::hash({1, 2, 255}).substr(0, 17), R"({"Hash":[1,2,255,)");
}

TEST(VfsApiTest, WritesErrorsAsProcessesReadThem) {
  EXPECT_EQ(answers::error({VfsError::Kind::no_read_cap, "who", 0, ""}), R"({"Err":"NoReadCap"})");
  EXPECT_EQ(answers::error({VfsError::Kind::no_write_cap, "", 0, ""}), R"({"Err":"NoWriteCap"})");
  EXPECT_EQ(answers::error({VfsError::Kind::add_cap_failed, "", 0, ""}), R"({"Err":"AddCapFailed"})");
  EXPECT_EQ(answers::error({VfsError::Kind::malformed_request, "", 0, ""}), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(answers::error({VfsError::Kind::no_blob, "", 0, ""}), R"({"Err":"NoBlob"})");
  EXPECT_EQ(answers::error({VfsError::Kind::unzip_error, "", 0, ""}), R"({"Err":"UnzipError"})");
  EXPECT_EQ(answers::error({VfsError::Kind::parse_error, "bad", 0, "a:b/c"}),
            R"({"Err":{"ParseError":{"error":"bad","path":"a:b/c"}}})");
  EXPECT_EQ(answers::error(io_error(2).error()),
            R"json({"Err":{"IOError":"No such file or directory (os error 2)"}})json");
}

TEST(VfsApiTest, ReadsTheLimitOfOpenFiles) {
  EXPECT_EQ(parse_fds_limit(R"({"FdsLimit":100})"), 100U);
  EXPECT_FALSE(parse_fds_limit(R"({"path":"/a:b/c","action":"Read"})"));
  EXPECT_FALSE(parse_fds_limit("\"FdsLimit\""));
}

}  // namespace
}  // namespace kinode::modules::vfs
