#include "names.h"

namespace app_store {

using kinode::PackageId;

std::string kept_folder(const PackageId& package) { return downloads_drive + '/' + package.text(); }

std::string kept(const PackageId& package, const std::string& version_hash, const char* ending) {
  return kept_folder(package) + '/' + version_hash + ending;
}

std::string hex_of(const std::array<uint8_t, 32>& hash) {
  std::string hex;
  for (uint8_t byte : hash) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<std::string> refusal(const PackageId& package) {
  if (!package.is_safe()) return "the name " + package.text() + " may only have a-z, 0-9, -, and dots in the publisher";
  // The runtime's own processes have ids in it.
  if (package.text() == "distro:sys") return "distro:sys is no package";
  // Its first step would end us.
  if (package.text() == "app-store:sys") return "the app store does not install or remove itself";
  return std::nullopt;
}

}  // namespace app_store
