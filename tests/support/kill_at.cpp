// A library for LD_PRELOAD that kills its process (-9) just before the N-th of the calls that change what files there
// are or make them last, N being KILL_AT in the environment: so that every moment between two of them is met, and not
// by chance.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

namespace {

void step() {
  static std::atomic<long> left = [] {
    const char* const text = ::getenv("KILL_AT");
    return text ? ::atol(text) : 0L;
  }();
  if (--left == 0) ::kill(::getpid(), SIGKILL);
}

// What the program would have called.
template <class Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int rename(const char* from, const char* to) noexcept {
  step();
  return next(&rename, "rename")(from, to);
}

int unlink(const char* path) noexcept {
  step();
  return next(&unlink, "unlink")(path);
}

int fsync(int descriptor) {
  step();
  return next(&fsync, "fsync")(descriptor);
}

int flock(int descriptor, int operation) noexcept {
  step();
  return next(&flock, "flock")(descriptor, operation);
}

int mkdir(const char* path, mode_t mode) noexcept {
  step();
  return next(&mkdir, "mkdir")(path, mode);
}

int truncate(const char* path, off_t size) noexcept {
  step();
  return next(&truncate, "truncate")(path, size);
}

int fflush(FILE* file) {
  step();
  return next(&fflush, "fflush")(file);
}

int fclose(FILE* file) {
  step();
  return next(&fclose, "fclose")(file);
}

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
    step();
  }
  return next(&open, "open")(path, flags, mode);
}

}  // extern "C"
