# Every room's test program.
add_custom_target(unit_tests)

# A room is a folder of src/ with one purpose: a static library, and a test program of its *_test.cpp.
#
# kinode_room(NAME name [FOLDER path-below-src] [USES room...] [LIBRARIES target...])
#
# A room sees its own headers and those of the rooms it uses, nothing else: each gets an include
# folder of its own with one link to its sources. So the compiler keeps the direction of dependencies.
function(kinode_room)
  cmake_parse_arguments(ROOM "" "NAME;FOLDER" "USES;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  if(NOT ROOM_FOLDER)
    set(ROOM_FOLDER ${ROOM_NAME})
  endif()
  set(include_root ${CMAKE_BINARY_DIR}/rooms/${ROOM_NAME})
  get_filename_component(parent ${include_root}/${ROOM_FOLDER} DIRECTORY)
  if(IS_SYMLINK ${parent})
    file(REMOVE ${parent})  # of a room that was elsewhere before
  endif()
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${ROOM_FOLDER} ${include_root}/${ROOM_FOLDER} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")

  set(uses ${ROOM_USES})
  list(TRANSFORM uses PREPEND kinode_)
  if(sources)
    add_library(kinode_${ROOM_NAME} STATIC ${sources})
    target_include_directories(kinode_${ROOM_NAME} PUBLIC ${include_root})
    target_link_libraries(kinode_${ROOM_NAME} PUBLIC ${uses} ${ROOM_LIBRARIES} kinode_options)
  else()
    add_library(kinode_${ROOM_NAME} INTERFACE)
    target_include_directories(kinode_${ROOM_NAME} INTERFACE ${include_root})
    target_link_libraries(kinode_${ROOM_NAME} INTERFACE ${uses} ${ROOM_LIBRARIES} kinode_options)
  endif()

  if(tests)
    add_executable(${ROOM_NAME}_test ${tests})
    target_link_libraries(${ROOM_NAME}_test PRIVATE kinode_${ROOM_NAME} ${ROOM_TEST_LIBRARIES} GTest::gmock GTest::gtest_main)
    # What is tested is optimised; the tests themselves need not be, and compile in half the time.
    target_compile_options(${ROOM_NAME}_test PRIVATE -O0)
    add_dependencies(unit_tests ${ROOM_NAME}_test)
    add_test(NAME ${ROOM_NAME} COMMAND ${ROOM_NAME}_test)
    set_tests_properties(${ROOM_NAME} PROPERTIES TIMEOUT 600)
  endif()
endfunction()
