// The disk under `save`: bytes are appended to a file, which is then flushed.
//
//   make-savers COUNT   so many appends share a flush from now on, COUNT more
//   save COUNT SIZE     COUNT times: each of them appends SIZE bytes, then the file is flushed

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "storage.h"

namespace bench {
namespace {

class Disk final : public Storage {
 public:
  explicit Disk(const std::filesystem::path& file)
      : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), file.string());
  }
  ~Disk() override { ::close(file_); }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  bool carry_out(const Order& order) override {
    if (order.name == "make-savers") {
      savers_ += order.count;
      return true;
    }
    if (order.name != "save") return false;
    const std::string content(order.size, 'x');
    for (uint64_t i = 0; i < order.count; ++i) save_all(content);
    return true;
  }

 private:
  void save_all(const std::string& content) const {
    for (uint64_t i = 0; i < savers_; ++i) {
      if (::write(file_, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
        throw std::system_error(errno, std::generic_category(), "write");
      }
    }
    if (::fdatasync(file_) != 0) throw std::system_error(errno, std::generic_category(), "fdatasync");
  }

  const int file_;
  uint64_t savers_ = 0;
};

}  // namespace

std::unique_ptr<Storage> disk(const std::filesystem::path& folder) { return std::make_unique<Disk>(folder / "saves"); }

}  // namespace bench
