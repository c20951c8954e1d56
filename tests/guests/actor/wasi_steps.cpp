#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "actor.h"

extern "C" char** environ;

/// The actor's steps that use WASI instead of the process interface: what a guest can reach by its libc.

namespace actor {

using kinode::Bytes;
using kinode::member;

namespace {

Json failure() { return {{"err", std::strerror(errno)}, {"errno", errno}}; }

Json done_or_failure(int result) { return result == 0 ? Json{{"ok", true}} : failure(); }

uint64_t nanoseconds(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/// A relative path is meant below TEMP_DIR.
std::string host_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  const char* temporary = std::getenv("TEMP_DIR");
  return (temporary != nullptr ? std::string(temporary) : std::string()) + '/' + path;
}

/// Writes all; how much went out before an error.
Json write_all(int descriptor, const Bytes& bytes) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = write(descriptor, bytes.data() + written, bytes.size() - written);
    if (count <= 0) {
      Json failed = failure();
      failed["written"] = written;
      return failed;
    }
    written += static_cast<size_t>(count);
  }
  return {{"ok", written}};
}

Json read_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY);
  if (descriptor < 0) return failure();
  std::string content;
  char chunk[4096];
  ssize_t count;
  while ((count = read(descriptor, chunk, sizeof chunk)) > 0) content.append(chunk, static_cast<size_t>(count));
  Json result = count < 0 ? failure() : Json{{"ok", show_data(content)}};
  close(descriptor);
  return result;
}

Json write_file(const std::string& path, const Bytes& bytes, bool append) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0666);
  if (descriptor < 0) return failure();
  Json result = write_all(descriptor, bytes);
  close(descriptor);
  return result;
}

Json list_folder(const std::string& path) {
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) return failure();
  std::vector<std::string> names;
  while (const dirent* entry = readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(folder);
  std::sort(names.begin(), names.end());
  return {{"ok", names}};
}

Json show_status(const std::string& path, bool follow) {
  struct stat status = {};
  if ((follow ? stat : lstat)(path.c_str(), &status) != 0) return failure();
  const char* type = S_ISREG(status.st_mode)   ? "File"
                     : S_ISDIR(status.st_mode) ? "Directory"
                     : S_ISLNK(status.st_mode) ? "Symlink"
                                               : "Other";
  return {{"ok", {{"file_type", type}, {"size", status.st_size}}}};
}

Json read_link(const std::string& path) {
  char target[1024];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  if (length < 0) return failure();
  return {{"ok", std::string(target, static_cast<size_t>(length))}};
}

}  // namespace

Actor::StepResult Actor::env(const Json&, Turn&) {
  Json shown = Json::object();
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    shown[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  return shown;
}

Actor::StepResult Actor::clock(const Json&, Turn&) {
  return Json{{"wall_ns", nanoseconds(CLOCK_REALTIME)}, {"monotonic_ns", nanoseconds(CLOCK_MONOTONIC)}};
}

Actor::StepResult Actor::random(const Json& arguments, Turn&) {
  const uint64_t size = kinode::number_member(arguments, "size").value_or(16);
  if (size > 256) return std::unexpected("at most 256 bytes at once");
  Bytes bytes = Bytes::filled(size, 0);
  if (getentropy(bytes.data(), bytes.size()) != 0) return failure();
  std::string hex;
  for (uint8_t byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

Actor::StepResult Actor::nap(const Json& arguments, Turn&) {
  const uint64_t milliseconds = kinode::number_member(arguments, "ms").value_or(0);
  timespec time = {};
  time.tv_sec = static_cast<time_t>(milliseconds / 1000);
  time.tv_nsec = static_cast<long>(milliseconds % 1000 * 1'000'000);
  return done_or_failure(nanosleep(&time, nullptr));
}

Actor::StepResult Actor::write_stream(const Json& arguments, Turn& turn) {
  auto bytes = read_data(member(arguments, "data"), turn.scope);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  const bool out = kinode::text_member(arguments, "to").value_or("stderr") == "stdout";
  return write_all(out ? STDOUT_FILENO : STDERR_FILENO, *bytes);
}

Actor::StepResult Actor::file(const Json& arguments, Turn& turn) {
  const std::string op = kinode::text_member(arguments, "op").value_or("");
  const std::string path = host_path(kinode::text_member(arguments, "path").value_or(""));
  if (op == "read") return read_file(path);
  if (op == "list") return list_folder(path);
  if (op == "stat") return show_status(path, true);
  if (op == "lstat") return show_status(path, false);
  if (op == "make_dir") return done_or_failure(mkdir(path.c_str(), 0777));
  if (op == "remove") return done_or_failure(unlink(path.c_str()));
  if (op == "remove_dir") return done_or_failure(rmdir(path.c_str()));
  if (op == "read_link") return read_link(path);
  if (op == "write" || op == "append") {
    auto bytes = read_data(member(arguments, "data"), turn.scope);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    return write_file(path, *bytes, op == "append");
  }
  // The target of a symbolic link is text; those of the others are paths.
  const auto target = kinode::text_member(arguments, "target");
  if (target && op == "symlink") return done_or_failure(symlink(target->c_str(), path.c_str()));
  if (target && op == "link") return done_or_failure(link(host_path(*target).c_str(), path.c_str()));
  if (target && op == "rename") return done_or_failure(rename(path.c_str(), host_path(*target).c_str()));
  return std::unexpected("no such op on files, or no target: " + kinode::dump(arguments));
}

}  // namespace actor
