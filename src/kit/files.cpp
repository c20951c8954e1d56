#include "kit/files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kinode::kit {

Result<Bytes> read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail("cannot read {}: it is a folder", path);
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file || file.bad()) {
    return fail("cannot read {}: {}", path, errno != 0 ? std::strerror(errno) : "input error");
  }
  return Bytes::from(std::move(content));
}

}  // namespace kinode::kit
