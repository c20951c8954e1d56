#include "node/operator_answers.h"

#include <utility>

namespace kinode::node {

void OperatorAnswers::print(kernel::Printout printout) {
  static const PackageId terminal("terminal", "sys");
  if (printout.verbosity != 0 || printout.source.package_id() != terminal) {
    printer_.print(std::move(printout));
    return;
  }
  journal_.when_durable(journal_.written(), [&printer = printer_, printout = std::move(printout)]() mutable {
    printer.print(std::move(printout));
  });
}

}  // namespace kinode::node
