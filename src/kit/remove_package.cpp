#include "kit/remove_package.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "kit/app_store.h"
#include "kit/files.h"
#include "kit/rpc_client.h"
#include "package/metadata.h"

namespace kinode::kit {
namespace {

Result<PackageId> package_of(const RemovePackage& options) {
  if (options.package && options.publisher) {
    return PackageId::parse(*options.package + ":" + *options.publisher);
  }
  const auto path = (std::filesystem::path(options.folder) / "metadata.json").string();
  auto text = read_file(path);
  if (!text) {
    return fail("{}. Name the package by its folder, or by --package and --publisher", text.error().message);
  }
  auto metadata = package::parse_metadata(text->text());
  if (!metadata) {
    return std::unexpected(metadata.error().at(path));
  }
  const PackageId id = metadata->id();
  return PackageId(options.package.value_or(id.package()), options.publisher.value_or(id.publisher()));
}

}  // namespace

Result<int> remove_package(const RemovePackage& options, Console console) {
  auto package = package_of(options);
  if (!package) {
    return std::unexpected(package.error());
  }
  const RpcClient client(options.port);
  if (auto removed = AppStore(client).uninstall(*package); !removed) {
    return std::unexpected(removed.error().at("cannot remove " + package->text()));
  }
  console.out << "Removed " << package->text() << " from the node at " << client.url() << '\n';
  return 0;
}

void add_remove_package(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("remove-package", "Stop a package on a node and uninstall it");
  command->alias("r");
  auto options = std::make_shared<RemovePackage>();
  command->add_option("dir", options->folder, "The package's folder, whose metadata.json names it")
      ->capture_default_str();
  command->add_option("-a,--package", options->package, "The package's name, in place of that of metadata.json");
  command->add_option("-u,--publisher", options->publisher, "Its publisher, in place of that of metadata.json");
  add_port_option(*command, options->port);
  command->callback(
      [options, &chosen] { chosen = [options](Console console) { return remove_package(*options, console); }; });
}

}  // namespace kinode::kit
