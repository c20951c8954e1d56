# Guests: processes in C++ compiled to WebAssembly components, and the packages that carry them.
#
#   kinode_add_guest(echo SOURCES echo.cpp)         -> build/guests/echo.wasm
#   kinode_add_package(test-kit DIR packages/test-kit GUESTS echo actor)
#                                                   -> build/packages/test-kit/{metadata.json,pkg/...}
#
# Each makes a target (guest-echo, package-test-kit) that is part of `all`; targets `guests` and
# `packages` collect them. A guest is found by its name, wherever it was added, so names are unique.
#
# The compiler is Clang for wasm32-wasi, whatever compiles the node. So nothing here is a CMake library
# or program: every file is a custom command, with a dependency file, and no flag comes from the host.

include_guard(GLOBAL)

set(KINODE_SDK_DIR "${CMAKE_CURRENT_LIST_DIR}/../sdk/cpp")
cmake_path(NORMAL_PATH KINODE_SDK_DIR)
set(KINODE_WIT "${CMAKE_CURRENT_LIST_DIR}/../wit/kinode.wit")
cmake_path(NORMAL_PATH KINODE_WIT)
set(KINODE_GUEST_DIR "${CMAKE_BINARY_DIR}/guests")
set(KINODE_PACKAGE_DIR "${CMAKE_BINARY_DIR}/packages")

# ---- tools ---------------------------------------------------------------------------------------

find_program(KINODE_GUEST_CLANG NAMES clang++-22 REQUIRED)
find_path(KINODE_JSON_DIR nlohmann/json.hpp REQUIRED)
find_program(KINODE_CCACHE NAMES ccache)
set(KINODE_GUEST_COMPILE "${KINODE_GUEST_CLANG}")
if(KINODE_CCACHE)
  list(PREPEND KINODE_GUEST_COMPILE "${KINODE_CCACHE}")
endif()

execute_process(
  COMMAND "${CMAKE_CURRENT_LIST_DIR}/guest-tools.sh"
  OUTPUT_VARIABLE KINODE_GUEST_TOOLS
  OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
set_property(
  DIRECTORY
  APPEND
  PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/guest-tools.sh" "${KINODE_SDK_DIR}/bindings/Cargo.lock"
           "${KINODE_SDK_DIR}/bindings/src/main.rs")

# ---- how a file is compiled ----------------------------------------------------------------------

# Debian has the headers of wasi-libc and libc++ under the name wasm32-wasi, which Clang calls outdated.
set(KINODE_GUEST_TARGET_FLAGS --target=wasm32-wasi --sysroot=/usr -Wno-deprecated)
set(KINODE_GUEST_FLAGS
    ${KINODE_GUEST_TARGET_FLAGS}
    -Os
    -ffunction-sections
    -fdata-sections
    -fno-exceptions
    -fno-rtti
    "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/="
    -Wall
    -Wextra
    "-I${KINODE_SDK_DIR}/include"
    -isystem
    "${KINODE_GUEST_DIR}/include"
    -isystem
    "${KINODE_GUEST_DIR}/bindings")

# nlohmann-json alone: its folder holds the host's headers too.
file(MAKE_DIRECTORY "${KINODE_GUEST_DIR}/include")
file(CREATE_LINK "${KINODE_JSON_DIR}/nlohmann" "${KINODE_GUEST_DIR}/include/nlohmann" SYMBOLIC)

# _kinode_guest_object(SOURCE OBJECT LANGUAGE): one source file compiled.
function(_kinode_guest_object source object language)
  cmake_path(GET object PARENT_PATH folder)
  file(MAKE_DIRECTORY "${folder}")
  cmake_path(RELATIVE_PATH object BASE_DIRECTORY "${CMAKE_BINARY_DIR}" OUTPUT_VARIABLE shown)
  if(language STREQUAL "C")
    set(standard -x c -std=c17 -w)
  else()
    set(standard -x c++ -std=c++23)
  endif()
  add_custom_command(
    OUTPUT "${object}"
    COMMAND ${KINODE_GUEST_COMPILE} ${KINODE_GUEST_FLAGS} ${standard} -MD -MT "${object}" -MF
            "${object}.d" -c "${source}" -o "${object}"
    DEPENDS "${source}" "${KINODE_GUEST_DIR}/bindings/process_v1.h"
    DEPFILE "${object}.d"
    COMMENT "Compiling ${shown} for wasm32"
    VERBATIM)
endfunction()

# ---- the bindings and the library ----------------------------------------------------------------

set(_bindings "${KINODE_GUEST_DIR}/bindings")
add_custom_command(
  OUTPUT "${_bindings}/process_v1.c" "${_bindings}/process_v1.h" "${_bindings}/process_v1_component_type.o"
  COMMAND "${KINODE_GUEST_TOOLS}/bin/kinode-bindings" bindings "${KINODE_WIT}" process-v1 "${_bindings}"
  DEPENDS "${KINODE_WIT}" "${KINODE_GUEST_TOOLS}/bin/kinode-bindings"
  COMMENT "Writing C bindings of wit/kinode.wit"
  VERBATIM)

set(KINODE_SDK_OBJECTS "${_bindings}/process_v1.o")
_kinode_guest_object("${_bindings}/process_v1.c" "${_bindings}/process_v1.o" C)
file(GLOB _sdk_sources CONFIGURE_DEPENDS "${KINODE_SDK_DIR}/src/*.cpp")
list(FILTER _sdk_sources EXCLUDE REGEX "_test\\.cpp$")
foreach(_source IN LISTS _sdk_sources)
  cmake_path(GET _source STEM _stem)
  _kinode_guest_object("${_source}" "${KINODE_GUEST_DIR}/sdk/${_stem}.o" CXX)
  list(APPEND KINODE_SDK_OBJECTS "${KINODE_GUEST_DIR}/sdk/${_stem}.o")
endforeach()

add_custom_target(guest-sdk DEPENDS ${KINODE_SDK_OBJECTS} "${_bindings}/process_v1_component_type.o")
add_custom_target(guests ALL)
add_custom_target(packages ALL)

# ---- guests --------------------------------------------------------------------------------------

# kinode_add_guest(NAME SOURCES file...): build/guests/NAME.wasm, a component. Of the library only what the
# guest uses is linked: its objects are members of a library to the linker.
function(kinode_add_guest name)
  cmake_parse_arguments(PARSE_ARGV 1 guest "" "" "SOURCES")
  if(NOT guest_SOURCES OR guest_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kinode_add_guest(${name} SOURCES file...)")
  endif()

  set(objects)
  foreach(source IN LISTS guest_SOURCES)
    cmake_path(ABSOLUTE_PATH source NORMALIZE OUTPUT_VARIABLE path)
    cmake_path(GET path STEM stem)
    set(object "${KINODE_GUEST_DIR}/${name}/${stem}.o")
    _kinode_guest_object("${path}" "${object}" CXX)
    list(APPEND objects "${object}")
  endforeach()

  set(core "${KINODE_GUEST_DIR}/${name}/${name}.core.wasm")
  set(component "${KINODE_GUEST_DIR}/${name}.wasm")
  add_custom_command(
    OUTPUT "${component}"
    COMMAND
      "${KINODE_GUEST_CLANG}" ${KINODE_GUEST_TARGET_FLAGS} -fuse-ld=lld -mexec-model=reactor -Wl,-s,--gc-sections
      -Wl,--stack-first,-z,stack-size=131072 ${objects} "${KINODE_GUEST_DIR}/bindings/process_v1_component_type.o" -Wl,--start-lib
      ${KINODE_SDK_OBJECTS} -Wl,--end-lib -o "${core}"
    COMMAND "${KINODE_GUEST_TOOLS}/bin/wasm-tools" component new "${core}" --adapt
            "wasi_snapshot_preview1=${KINODE_GUEST_TOOLS}/adapter.wasm" -o "${component}"
    DEPENDS ${objects} ${KINODE_SDK_OBJECTS} "${KINODE_GUEST_DIR}/bindings/process_v1_component_type.o"
            "${KINODE_GUEST_TOOLS}/bin/wasm-tools" "${KINODE_GUEST_TOOLS}/adapter.wasm"
    COMMENT "Linking guest ${name}"
    VERBATIM)
  add_custom_target(guest-${name} DEPENDS "${component}")
  # The library's objects are built once, before any guest, also by a parallel make.
  add_dependencies(guest-${name} guest-sdk)
  add_dependencies(guests guest-${name})
endfunction()

# ---- packages ------------------------------------------------------------------------------------

# kinode_add_package(NAME DIR folder GUESTS guest[=file]...): build/packages/NAME, made anew when anything in it
# changed. `folder` has metadata.json and pkg/ with manifest.json; a guest becomes pkg/<guest>.wasm, or pkg/<file>.wasm.
function(kinode_add_package name)
  cmake_parse_arguments(PARSE_ARGV 1 package "" "DIR" "GUESTS")
  if(NOT package_DIR OR package_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kinode_add_package(${name} DIR folder GUESTS guest...)")
  endif()
  cmake_path(ABSOLUTE_PATH package_DIR NORMALIZE OUTPUT_VARIABLE source)
  if(NOT EXISTS "${source}/metadata.json" OR NOT EXISTS "${source}/pkg/manifest.json")
    message(FATAL_ERROR "${source} must have metadata.json and pkg/manifest.json")
  endif()

  set(out "${KINODE_PACKAGE_DIR}/${name}")
  set(guests)
  set(components)
  set(copy_components)
  foreach(named IN LISTS package_GUESTS)
    string(REGEX REPLACE "=.*" "" guest "${named}")
    string(REGEX REPLACE ".*=" "" file "${named}")
    list(APPEND guests "${guest}")
    list(APPEND components "${KINODE_GUEST_DIR}/${guest}.wasm")
    list(APPEND copy_components COMMAND ${CMAKE_COMMAND} -E copy "${KINODE_GUEST_DIR}/${guest}.wasm"
                                "${out}/pkg/${file}.wasm")
  endforeach()
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${source}/pkg/*")

  # The stamp lies elsewhere: all in that folder is packages.
  set(stamp "${KINODE_GUEST_DIR}/stamps/package-${name}")
  file(MAKE_DIRECTORY "${KINODE_GUEST_DIR}/stamps")
  add_custom_command(
    OUTPUT "${stamp}"
    COMMAND ${CMAKE_COMMAND} -E rm -rf "${out}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${out}"
    COMMAND ${CMAKE_COMMAND} -E copy "${source}/metadata.json" "${out}/metadata.json"
    COMMAND ${CMAKE_COMMAND} -E copy_directory "${source}/pkg" "${out}/pkg" #
            ${copy_components}
    COMMAND ${CMAKE_COMMAND} -E touch "${stamp}"
    DEPENDS "${source}/metadata.json" ${files} ${components}
    COMMENT "Assembling package ${name}"
    VERBATIM)
  add_custom_target(package-${name} DEPENDS "${stamp}")
  foreach(guest IN LISTS guests)
    add_dependencies(package-${name} guest-${guest})
  endforeach()
  add_dependencies(packages package-${name})
endfunction()

# ---- tests on the host ---------------------------------------------------------------------------

# kinode_guest_values: the library's values and its JSON, for the host.
function(_kinode_guest_values)
  if(TARGET kinode_guest_values)
    return()
  endif()
  add_library(kinode_guest_values STATIC EXCLUDE_FROM_ALL "${KINODE_SDK_DIR}/src/bytes.cpp"
                                                          "${KINODE_SDK_DIR}/src/json.cpp" "${KINODE_SDK_DIR}/src/types.cpp")
  target_include_directories(kinode_guest_values PUBLIC "${KINODE_SDK_DIR}/include")
  target_compile_features(kinode_guest_values PUBLIC cxx_std_23)
endfunction()

# kinode_add_guest_test(NAME SOURCES file...): a test program for the host, of those parts of a guest that do
# not call the node. The library's values and its JSON are there; process.h only to be included.
function(kinode_add_guest_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "" "SOURCES")
  if(NOT TARGET GTest::gtest_main)
    return()
  endif()
  _kinode_guest_values()
  add_executable(${name} ${test_SOURCES})
  target_link_libraries(${name} PRIVATE kinode_guest_values GTest::gtest_main)
  add_dependencies(unit_tests ${name})
  add_test(NAME ${name} COMMAND ${name})
endfunction()
