// Crashes at start, before it receives anything: for restarts and their delays, and for starts that fail.

#include <kinode/process.h>

void init(kinode::Address) { kinode::crash("crashes at start"); }
