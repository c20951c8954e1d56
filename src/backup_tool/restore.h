// `kinode restore`: a home, a drive or a process's state, as they were at a snapshot.
//
// What is restored appears in one step, whole: it is written beside its place first. What it replaces (in place) is
// kept until then.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>

#include "backup_tool/passwords.h"
#include "base/result.h"
#include "restic/restic.h"

namespace kinode::backup_tool {

struct Restore {
  /// An address, or in place the name of a remote of the home.
  std::string from;
  std::map<std::string, std::string> options;
  /// An id, its begin, or "latest".
  std::string snapshot = "latest";
  /// Whose, where a repository has those of several nodes.
  std::optional<std::string> node;
  /// Opens the repository by the node's key instead of the person's password.
  std::optional<std::filesystem::path> keyfile;

  /// The home: an empty or new folder; in place, one that is there.
  std::filesystem::path home;
  /// Only that, PACKAGE:PUBLISHER/DRIVE, or only the state of a process.
  std::optional<std::string> drive;
  std::optional<std::string> process;
  /// Where that goes: a folder or a file that is not there yet.
  std::filesystem::path to;
  bool in_place = false;
};

Result<void> restore(const Restore& wanted, Passwords& passwords, std::ostream& out);

}  // namespace kinode::backup_tool
