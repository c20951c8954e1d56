# Libraries that come without a CMake package, or that Debian packages against another Boost.

# Outside the checkout, so that another checkout does not make it again.
if(DEFINED ENV{KINODE_CACHE})
  set(KINODE_CACHE $ENV{KINODE_CACHE})
else()
  set(KINODE_CACHE $ENV{HOME}/.cache/kinode)
endif()

# msgpack-cxx and rapidcheck depend on Debian's default Boost, which excludes the one used here; they
# need none of it, so cmake/setup.sh unpacks them beside the system.
add_library(msgpack INTERFACE)
target_include_directories(msgpack SYSTEM INTERFACE ${KINODE_CACHE}/unpacked/usr/include)
target_compile_definitions(msgpack INTERFACE MSGPACK_NO_BOOST)

add_library(rapidcheck STATIC IMPORTED)
set_target_properties(rapidcheck PROPERTIES
  IMPORTED_LOCATION ${KINODE_CACHE}/unpacked/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/librapidcheck.a)
target_include_directories(rapidcheck SYSTEM INTERFACE ${KINODE_CACHE}/unpacked/usr/include)
