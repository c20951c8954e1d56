// storage_peer FOLDER: an order on each line of the input, an answer on each line of the output, the number in which is
// the nanoseconds that the work took.

#include <array>
#include <chrono>
#include <exception>
#include <iostream>
#include <sstream>

#include "storage.h"

namespace {

bench::Order order_of(const std::string& line) {
  bench::Order order{};
  std::istringstream(line) >> order.name >> order.count >> order.size;
  return order;
}

void carry_out_all(const std::filesystem::path& folder) {
  const std::array storages = {bench::disk(folder), bench::rocksdb_alone(folder), bench::sqlite_alone(folder)};
  std::cout << std::unitbuf << "ready\n";
  for (std::string line; std::getline(std::cin, line);) {
    const bench::Order order = order_of(line);
    const auto begin = std::chrono::steady_clock::now();
    bool done = false;
    for (const auto& storage : storages) done = done || storage->carry_out(order);
    const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - begin;
    if (done) {
      std::cout << "ok " << taken.count() << '\n';
    } else {
      std::cout << "failed no such order: " << line << '\n';
    }
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "storage_peer takes one word: the folder that it may write in\n";
    return 2;
  }
  try {
    carry_out_all(words[1]);
  } catch (const std::exception& error) {
    std::cout << "failed " << error.what() << '\n';
    return 1;
  }
}
