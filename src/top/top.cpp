#include "top/top.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <map>
#include <ostream>

#include "modules/state/home_lock.h"
#include "node_client/node_client.h"
#include "top/screen.h"

namespace kinode::top {
namespace {

constexpr const char* clear_screen = "\033[H\033[2J";
constexpr const char* other_screen = "\033[?1049h\033[?25l";
constexpr const char* first_screen = "\033[?25h\033[?1049l";

struct Options {
  std::string home;
  bool once = false;
  double interval = 1;
  Order order = Order::busy;
  size_t rows = 0;  // 0: as many as fit
};

/// SIGINT and SIGTERM, kept back until somebody looks.
class Interrupts {
 public:
  Interrupts() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &before_);
    file_ = signalfd(-1, &signals, SFD_CLOEXEC);
  }
  ~Interrupts() {
    close(file_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// False when there was one meanwhile.
  [[nodiscard]] bool sleep(double seconds) const {
    pollfd waiting{.fd = file_, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, static_cast<int>(seconds * 1000)) == 0;
  }

 private:
  sigset_t before_{};
  int file_ = -1;
};

Result<Snapshot> scrape(const NodeClient& node) {
  Result<NodeReply> reply = node.get("/metrics");
  if (!reply) {
    return std::unexpected(reply.error());
  }
  if (reply->status != 200) {
    return fail("the node at {} answered with HTTP status {}: {}", node.url(), reply->status, reply->body);
  }
  auto samples = parse_prometheus(reply->body);
  return samples ? Snapshot::of(*samples) : std::unexpected(samples.error().at(node.url()));
}

Shape shape_of(const Options& options, bool is_terminal) {
  constexpr size_t lines_above = 5;
  constexpr size_t lines_below = 2;
  Shape shape{.order = options.order, .rows = SIZE_MAX, .columns = SIZE_MAX};
  winsize size{};
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
    shape.columns = size.ws_col;
    if (!options.once) {
      shape.rows = size.ws_row - std::min<size_t>(size.ws_row, lines_above + lines_below);
    }
  }
  shape.rows = options.rows > 0 ? std::min(shape.rows, options.rows) : shape.rows;
  return shape;
}

/// Draws until it is interrupted; why it could not go on, if so.
Result<void> watch(const Options& options, std::ostream& out) {
  Result<uint16_t> port = modules::HomeLock::port_of_node(options.home);
  if (!port) {
    return std::unexpected(port.error());
  }
  const NodeClient node(*port);
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  const bool once = options.once || !is_terminal;
  const Interrupts interrupts;
  Result<Snapshot> before = scrape(node);
  if (!before) {
    return std::unexpected(before.error());
  }
  Result<void> ended;
  out << (once ? "" : other_screen) << std::flush;
  while (interrupts.sleep(options.interval)) {
    Result<Snapshot> after = scrape(node);
    if (!after) {
      ended = std::unexpected(after.error());
      break;
    }
    out << (once ? "" : clear_screen) << draw(NodeView::between(*before, *after), shape_of(options, is_terminal))
        << std::flush;
    if (once) {
      break;
    }
    before = std::move(after);
  }
  out << (once ? "" : first_screen) << std::flush;
  return ended;
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Options options;
  CLI::App app("Shows what the node of a home does: its processes, those that run most first. Ctrl-C ends it.",
               "kinode top");
  app.add_option("HOME", options.home, "The node's folder")->required()->type_name("FOLDER");
  app.add_flag("--once", options.once, "Print one picture and end, as where the output is no terminal");
  app.add_option("--interval", options.interval, "Seconds that each picture covers")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.add_option("-n,--rows", options.rows, "Processes to show at most (default: as many as fit)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  const std::map<std::string, Order> orders{{"busy", Order::busy},
                                            {"memory", Order::memory},
                                            {"messages", Order::messages},
                                            {"waiting", Order::waiting},
                                            {"name", Order::name}};
  app.add_option("--sort", options.order, "busy (default), memory, messages, waiting or name")
      ->transform(CLI::CheckedTransformer(orders).description(""))
      ->type_name("COLUMN");

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? 0 : 2;
  }
  Result<void> ended = watch(options, out);
  if (!ended) {
    err << "kinode top: " << ended.error().message << '\n';
    return 1;
  }
  return 0;
}

}  // namespace kinode::top
