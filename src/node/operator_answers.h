// OperatorAnswers: the output gate of the terminal. What the terminal's scripts tell the operator is shown when
// everything that was written before it is on the disk, as it is with an HTTP answer: nobody is told of what a crash
// may undo. All else is printed at once.
#pragma once

#include "kernel/journal.h"
#include "kernel/printer.h"

namespace kinode::node {

class OperatorAnswers final : public kernel::Printer {
 public:
  /// Both outlive it; the printer also what the journal still has to call.
  OperatorAnswers(kernel::Journal& journal, kernel::Printer& printer) : journal_(journal), printer_(printer) {}

  void print(kernel::Printout printout) override;

 private:
  kernel::Journal& journal_;
  kernel::Printer& printer_;
};

}  // namespace kinode::node
