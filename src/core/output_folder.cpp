// A folder that is filled under another name, and removed where that fails; or files within one that is there.
#include "core/output_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "core/unfinished.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(fmt::format("cannot write {}: {}", path, why), ErrorKind::system);
}

// What a killed command left in it is nobody's.
void check_usable(const std::string& path, const std::string& target) {
  std::error_code error;
  if (!fs::is_directory(target, error)) refuse(path, error ? error.message() : "it is a file; give a new folder");
  remove_leftovers_in(target);
  for (fs::directory_iterator at(target, error), end; !error && at != end; at.increment(error)) {
    // That one comes with a new file system.
    if (at->path().filename() == "lost+found") continue;
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

void OutputFolder::commit() {
  if (temporary_.path.empty()) {
    std::vector<OutputFile*> all;
    for (OutputFile& file : files_) all.push_back(&file);
    return OutputFile::commit_together(all);
  }
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
