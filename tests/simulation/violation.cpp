#include "violation.h"

#include <array>
#include <utility>

namespace kinode::simulation {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> texts{{
    {"right_receiver", "no message reaches another process or life than the one it was sent to"},
    {"arrives_once", "no message arrives twice, nor one that was refused"},
    {"arrives_whole", "a message arrives as it was sent"},
    {"ends_once", "a request that expects a response ends exactly once"},
    {"in_order", "messages from one sender to one receiver arrive in the order they were sent"},
    {"granted_before", "a capability granted before a message was sent is there when it arrives"},
    {"capability_needed", "nobody does what it has no capability for"},
    {"conversation", "a guest is told what the WIT interface promises"},
    {"bounded", "mailboxes keep their limits and suspend nobody below them"},
    {"store_is_prefix", "the store is what was done, and after a crash a prefix of it"},
    {"gate", "what left the node rests on what is on disk"},
    {"no_starvation", "whoever can go on does"},
    {"everything_stops", "everything comes to rest, and ends when it is told to"},
    {"nothing_leaks", "nothing is left of what ended"},
    {"counted", "a message that does not arrive is counted under its true cause"},
}};

}  // namespace

std::string_view name_of(Invariant invariant) { return texts.at(static_cast<size_t>(invariant)).first; }
std::string_view meaning_of(Invariant invariant) { return texts.at(static_cast<size_t>(invariant)).second; }

}  // namespace kinode::simulation
