// A folder that is filled under another name, and removed where that fails; or files within one that is there.
#include "core/output_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "core/unfinished.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(fmt::format("cannot write {}: {}", path, why), ErrorKind::system);
}

std::string mark_in(const std::string& folder) { return unfinished_mark(folder + "/"); }

// The files that a mark names, and it at last, so that a kill in between leaves none without it. It may be of another
// user.
void remove_unfinished(const std::string& folder) {
  const std::string mark = mark_in(folder);
  const int descriptor = ::open(mark.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat found {};
  const bool own = ::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == ::geteuid();
  if (own && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    std::ifstream names(mark);
    for (std::string name; std::getline(names, name);) {
      if (name.find('/') != std::string::npos) continue;
      const std::string file = (fs::path(folder) / name).string();
      ::unlink(file.c_str());
      ::unlink(unfinished_mark(file).c_str());
    }
    ::unlink(mark.c_str());
  }
  ::close(descriptor);
}

// What a killed command left in it does not count.
void check_usable(const std::string& path, const std::string& target) {
  std::error_code error;
  if (!fs::is_directory(target, error)) refuse(path, error ? error.message() : "it is a file; give a new folder");
  remove_unfinished(target);
  for (fs::directory_iterator at(target, error), end; !error && at != end; at.increment(error)) {
    if (is_temporary(at->path().filename().string())) remove_if_left_over(at->path().string());
  }
  for (fs::directory_iterator at(target, error), end; !error && at != end; at.increment(error)) {
    const fs::path file = at->path();
    // That one comes with a new file system.
    if (file.filename() == "lost+found") continue;
    refuse(path, "the folder is there already, and not empty; give a new one");
  }
  if (error) refuse(path, error.message());
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path) : path_(path) {
  std::error_code error;
  target_ = fs::weakly_canonical(path, error).string();
  if (target_.empty()) target_ = path;
  while (target_.size() > 1 && target_.ends_with('/')) target_.pop_back();
  if (fs::exists(target_, error)) {
    check_usable(path_, target_);
    return;
  }
  remove_leftovers(target_);
  temporary_ = make_temporary_folder(target_);
  if (temporary_.descriptor >= 0) return;
  const int cause = errno;
  throw Error(fmt::format("cannot make the folder {}: {}{}", path, std::strerror(cause),
                          cause == ENOENT ? " (does the folder that it is in exist?)" : ""),
              ErrorKind::system);
}

OutputFolder::~OutputFolder() {
  files_.clear();
  if (!temporary_.path.empty()) {
    std::error_code ignored;
    fs::remove_all(temporary_.path, ignored);
    forget_temporary(temporary_.path);
  }
  for (const std::string& file : committed_) forget_temporary(file);
  if (temporary_.descriptor >= 0) ::close(temporary_.descriptor);
}

std::string OutputFolder::inside(const std::string& name) const {
  return (fs::path(temporary_.path.empty() ? target_ : temporary_.path) / name).string();
}

OutputFile& OutputFolder::add(const std::string& name) {
  names_.push_back(name);
  return files_.emplace_back(inside(name), (fs::path(path_) / name).string());
}

// Each file has a mark while they are replaced; that of the folder tells who tries again what was of this command.
void OutputFolder::commit_in_place() {
  const int mark = ::open(mark_in(target_).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (mark < 0) refuse(path_, errno == EEXIST ? "another command is filling the folder" : std::strerror(errno));
  (void)::flock(mark, LOCK_EX | LOCK_NB);
  std::string names;
  std::vector<OutputFile*> all;
  for (const std::string& name : names_) names += name + "\n";
  for (OutputFile& file : files_) all.push_back(&file);
  try {
    const bool written = ::write(mark, names.data(), names.size()) == static_cast<ssize_t>(names.size());
    if (!written || ::fsync(mark) != 0) refuse(path_, std::strerror(errno));
    OutputFile::commit_together(all);
  } catch (...) {
    ::close(mark);
    remove_unfinished(target_);
    throw;
  }
  ::unlink(mark_in(target_).c_str());
  ::close(mark);
  sync_folder_of(mark_in(target_));
}

void OutputFolder::commit() {
  if (temporary_.path.empty()) return commit_in_place();
  for (std::size_t k = 0; k < files_.size(); ++k) {
    remember_temporary(committed_.emplace_back(inside(names_[k])));
    files_[k].commit();
  }
  // Takes no place but that of an empty folder, which somebody may have made meanwhile.
  if (std::rename(temporary_.path.c_str(), target_.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST) refuse(path_, "the folder has been filled meanwhile; give a new one");
    refuse(path_, std::strerror(errno));
  }
  forget_temporary(temporary_.path);
  temporary_.path.clear();
  sync_folder_of(target_);
}

}  // namespace odot::inline ODOT_PRECISION
