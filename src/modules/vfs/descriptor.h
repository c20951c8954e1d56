// An owned file descriptor of the host.
#pragma once

#include <unistd.h>

#include <utility>

namespace kinode::modules::vfs {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] explicit operator bool() const { return number_ >= 0; }
  /// The caller owns it now.
  int release() { return std::exchange(number_, -1); }

 private:
  void reset() {
    if (number_ >= 0) {
      close(number_);
    }
  }
  int number_ = -1;
};

}  // namespace kinode::modules::vfs
