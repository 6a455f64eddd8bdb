# Installs a build of odot into a fresh folder, and the shared library that its objects make into another; builds and runs
# the program beside this file against both, by CMake and by pkg-config; and has odot built within a project.
# Variables: BUILD_DIR, SOURCE_DIR, WORK_DIR (emptied first), GENERATOR, BUILD_TYPE, DOUBLE, NATIVE, CXX_COMPILER, CXX_FLAGS.
file(REMOVE_RECURSE "${WORK_DIR}")

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Everything is compiled as the library was: sanitizers and the standard library's assertions must agree.
set(alike -G "${GENERATOR}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}"
  "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
set(odot_alike ${alike} -DODOT_BUILD_TESTS=OFF "-DODOT_DOUBLE=${DOUBLE}" "-DODOT_NATIVE=${NATIVE}")

# The consumer by CMake and by pkg-config; `words` are pkg-config's for this kind of library.
function(consume prefix words)
  run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${prefix}/../consumer" ${alike}
    "-DCMAKE_PREFIX_PATH=${prefix}")
  run("${CMAKE_COMMAND}" --build "${prefix}/../consumer" --config "${BUILD_TYPE}")
  run("${prefix}/../consumer/consumer" "${prefix}/..")

  file(GLOB_RECURSE found "${prefix}/*/odot.pc")
  cmake_path(GET found PARENT_PATH folder)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${folder}" pkg-config --cflags --libs ${words} odot
    OUTPUT_VARIABLE flags COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  separate_arguments(more UNIX_COMMAND "${CXX_FLAGS}")
  cmake_path(GET folder PARENT_PATH libraries)
  run("${CXX_COMPILER}" -std=c++20 ${more} "${CMAKE_CURRENT_LIST_DIR}/consumer.cpp" -o "${prefix}/../plain" ${flags})
  run("${CMAKE_COMMAND}" -E env "LD_LIBRARY_PATH=${libraries}" "${prefix}/../plain" "${prefix}/..")
endfunction()

set(prefix "${WORK_DIR}/static/prefix")
run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --config "${BUILD_TYPE}" --prefix "${prefix}")
run("${prefix}/bin/odot" --help)
# What shells find: pages and completion of the installed program.
foreach(made "man;train|share/man/man1/odot-train.1" "man|share/man/man1/odot.1"
    "completion;bash|share/bash-completion/completions/odot" "completion;zsh|share/zsh/site-functions/_odot")
  string(REPLACE "|" ";" words "${made}")
  list(POP_BACK words file)
  execute_process(COMMAND "${prefix}/bin/odot" ${words} OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
  file(READ "${prefix}/${file}" installed)
  if(NOT installed STREQUAL printed)
    message(FATAL_ERROR "${file} is not what odot prints")
  endif()
endforeach()
consume("${prefix}" --static)

# A static library's objects can become part of a shared library of somebody else's.
file(GLOB_RECURSE archive "${prefix}/*/libodot.a")
separate_arguments(more UNIX_COMMAND "${CXX_FLAGS}")
run("${CXX_COMPILER}" ${more} -shared -o "${WORK_DIR}/static/whole.so" -Wl,--whole-archive "${archive}"
  -Wl,--no-whole-archive)

# The shared library.
set(prefix "${WORK_DIR}/shared/prefix")
run("${CMAKE_COMMAND}" -S "${SOURCE_DIR}" -B "${WORK_DIR}/shared/build" ${odot_alike}
  -DBUILD_SHARED_LIBS=ON "-DODOT_OBJECTS_FROM=${BUILD_DIR}")
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/shared/build" --config "${BUILD_TYPE}" --target libodot)
run("${CMAKE_COMMAND}" --install "${WORK_DIR}/shared/build" --config "${BUILD_TYPE}" --prefix "${prefix}"
  --component library)
consume("${prefix}" "")
file(GLOB_RECURSE shared "${prefix}/*/libodot.so")
run("${CMAKE_CURRENT_LIST_DIR}/check_exports.py" "${shared}" "${prefix}/include/odot")

# Within another project, which is configured, has its own source compiled and installs nothing.
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/within" -B "${WORK_DIR}/within" ${alike}
  -DCMAKE_BUILD_TYPE= "-DODOT_SOURCE=${SOURCE_DIR}")
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/within" --config "${BUILD_TYPE}" --target consumer_object)
run("${CMAKE_COMMAND}" --install "${WORK_DIR}/within" --config "${BUILD_TYPE}" --prefix "${WORK_DIR}/nothing")
if(EXISTS "${WORK_DIR}/nothing")
  message(FATAL_ERROR "odot was installed by a project that only uses it")
endif()
