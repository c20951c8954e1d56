// Boost.URL, which Debian ships in part as source.
#include <boost/url/src.hpp>
