// Adding and removing remotes.
#include <ostream>

#include "backup/status.h"
#include "backup_tool/commands.h"
#include "backup_tool/running_node.h"

namespace kinode::backup_tool {
namespace {

using Access = restic::Restic::Access;

/// Has both passwords open the repository, which is made where there is none.
Result<void> open_for_both(const backup::Remote& remote, const crypto::Secret& node, Passwords& passwords,
                           bool person_has_one, std::ostream& out) {
  const std::stop_token never;
  const restic::Restic as_node(remote.resolved(), node, {});
  Result<Access> access = as_node.access(never);
  if (!access) {
    return std::unexpected(access.error());
  }
  const bool is_new = *access == Access::absent;
  Result<const crypto::Secret*> person = passwords.of_person(is_new && !person_has_one);
  if (!person) {
    return std::unexpected(person.error());
  }
  const restic::Restic as_person(remote.resolved(), **person, {});
  if (is_new) {
    Result<void> made = as_node.init(never);
    out << (made ? "made a repository at " + restic::shown_url(remote.repository.url) + "\n" : "");
    return made ? as_node.add_password(**person, never) : made;
  }
  Result<Access> for_person = as_person.access(never);
  if (!for_person) {
    return std::unexpected(for_person.error());
  }
  if (*access == Access::opens) {
    return *for_person == Access::opens ? Result<void>() : as_node.add_password(**person, never);
  }
  if (*for_person == Access::opens) {
    return as_person.add_password(node, never);
  }
  return fail(
      "there is a repository at {}, and neither this node's key nor the password opens it: give the password "
      "that it was made with, or another place",
      restic::shown_url(remote.repository.url));
}

/// The settings are written; a node that runs takes them now.
Result<void> take_effect(const Home& home) {
  if (!home.is_running()) {
    return {};
  }
  Result<RunningNode> node = RunningNode::find(home);
  if (!node) {
    return std::unexpected(node.error());
  }
  Result<nlohmann::json> reloaded = node->ask("Reload", "Reloaded");
  return reloaded ? Result<void>() : std::unexpected(reloaded.error());
}

}  // namespace

Result<void> add(const Home& home, const backup::Remote& remote, Passwords& passwords, std::ostream& out) {
  Result<backup::Settings> settings = backup::read_settings(home.path);
  Result<void> checked = settings ? backup::check_remote(remote) : std::unexpected(settings.error());
  if (!checked) {
    return checked;
  }
  if (settings->find(remote.name) != nullptr) {
    return fail("there is a remote `{}` already: give another name, or remove that one", remote.name);
  }
  if (settings->remotes.size() >= backup::most_remotes) {
    return fail("there are {} remotes already, as many as a home may have", backup::most_remotes);
  }
  Result<crypto::Secret> node = passwords.of_node(home.path);
  if (!node) {
    return std::unexpected(node.error());
  }
  if (Result<void> opened = open_for_both(remote, *node, passwords, has_keyfile(home.path), out); !opened) {
    return opened;
  }
  settings->remotes.push_back(remote);
  Result<void> written = backup::write_settings(home.path, *settings);
  if (written) {
    written = take_effect(home);
  }
  if (written) {
    out << "added " << remote.name << ". What lies there is encrypted: without "
        << (has_keyfile(home.path) ? "the node's password" : "the password given now") << ", or the node's key in "
        << home.path.string() << ", nobody can read it. Keep it elsewhere.\n"
        << (home.is_running() ? "The first snapshot is under way: kinode backup status --home "
                              : "Next: kinode backup now --home ")
        << home.path.string() << "\n";
  }
  return written;
}

Result<void> remove(const Home& home, const std::string& remote, std::ostream& out) {
  Result<backup::Settings> settings = backup::read_settings(home.path);
  if (!settings) {
    return std::unexpected(settings.error());
  }
  if (std::erase_if(settings->remotes, [&](const backup::Remote& each) { return each.name == remote; }) == 0) {
    return fail("there is no remote `{}`", remote);
  }
  Result<void> written = backup::write_settings(home.path, *settings);
  if (written) {
    written = take_effect(home);
  }
  if (written) {
    backup::forget_status(home.path, remote);
    out << "removed " << remote << ". What it holds is still there.\n";
  }
  return written;
}

}  // namespace kinode::backup_tool
