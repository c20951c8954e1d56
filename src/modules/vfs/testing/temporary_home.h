// A home of a node for one test, deleted with it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "modules/vfs/vfs.h"

namespace kinode::modules::vfs::testing {

class TemporaryHome {
 public:
  TemporaryHome() {
    std::string name = ::testing::TempDir() + "vfs_test_XXXXXX";
    KINODE_CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryHome() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryHome(const TemporaryHome&) = delete;
  TemporaryHome& operator=(const TemporaryHome&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }
  /// A path on the host, of what is below the vfs.
  [[nodiscard]] std::filesystem::path host(std::string_view below = "") const { return path_ / "vfs" / below; }
  [[nodiscard]] std::string content(std::string_view below) const {
    std::ifstream in(host(below), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void put(std::string_view below, std::string_view content) const {
    std::ofstream(host(below), std::ios::binary) << content;
  }
  /// How many files wait in the staging directory.
  [[nodiscard]] size_t staged() const {
    auto files = std::filesystem::directory_iterator(host(".staging"));
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }

 private:
  std::filesystem::path path_;
};

inline VfsPath vfs_path(std::string_view text) {
  auto path = VfsPath::parse(text);
  KINODE_CHECK(path.has_value(), "{}", text);
  return std::move(*path);
}

inline std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace kinode::modules::vfs::testing
