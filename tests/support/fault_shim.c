/* Preloaded into a program: counts its write-type system calls below FAULT_FOLDER (FAULT_SIDE=read: its
 * read-type ones) and lets call number FAULT_CALL fail. FAULT_MODE: kill (before the call), torn (half a
 * write, or the whole of another call, then kill), full (ENOSPC from then on), error (EIO, this call only),
 * short (half a write is done and said), meanwhile (nothing fails, but FAULT_FROM is linked to FAULT_TO
 * before the call; where that is taken it has not happened). FAULT_FIRED names a file made when it happens.
 * FAULT_NO_LINKS: there are no hard links below the folder. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum fault { FAULT_NONE, FAULT_KILL, FAULT_TORN, FAULT_ERRNO, FAULT_SHORT };
enum side { WRITING, READING };

static long calls;

static int below_folder(const char* path) {
  const char* folder = getenv("FAULT_FOLDER");
  return folder != NULL && path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int descriptor_below_folder(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return below_folder(path);
}

static enum fault next_fault_of(enum side side) {
  const char *call = getenv("FAULT_CALL"), *mode = getenv("FAULT_MODE"), *fired = getenv("FAULT_FIRED");
  const char* wanted_side = getenv("FAULT_SIDE");
  if (call == NULL || mode == NULL) return FAULT_NONE;
  if ((wanted_side != NULL && strcmp(wanted_side, "read") == 0) != (side == READING)) return FAULT_NONE;
  const long wanted = atol(call);
  const int full = strcmp(mode, "full") == 0;
  ++calls;
  if (calls != wanted && !(full && calls > wanted)) return FAULT_NONE;
  const int meanwhile = strcmp(mode, "meanwhile") == 0;
  if (meanwhile && syscall(SYS_link, getenv("FAULT_FROM"), getenv("FAULT_TO")) != 0) return FAULT_NONE;
  if (fired != NULL) {
    const long fd = syscall(SYS_openat, AT_FDCWD, fired, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd >= 0) syscall(SYS_close, fd);
  }
  if (meanwhile) return FAULT_NONE;
  if (strcmp(mode, "kill") == 0) syscall(SYS_kill, getpid(), SIGKILL);
  if (strcmp(mode, "torn") == 0) return FAULT_TORN;
  if (strcmp(mode, "short") == 0) return FAULT_SHORT;
  errno = full ? ENOSPC : EIO;
  return FAULT_ERRNO;
}

static enum fault next_fault(void) {
  return next_fault_of(WRITING);
}

static long after(enum fault fault, long result) {
  if (fault == FAULT_TORN) syscall(SYS_kill, getpid(), SIGKILL);
  return result;
}

ssize_t write(int fd, const void* data, size_t bytes) {
  const enum fault fault = descriptor_below_folder(fd) ? next_fault() : FAULT_NONE;
  if (fault == FAULT_ERRNO) return -1;
  if (fault != FAULT_NONE && bytes > 1) bytes /= 2;
  return after(fault, syscall(SYS_write, fd, data, bytes));
}

static int open_with(int folder, const char* path, int flags, mode_t mode) {
  const enum side side = (flags & O_CREAT) != 0 ? WRITING : READING;
  const enum fault fault = below_folder(path) ? next_fault_of(side) : FAULT_NONE;
  if (fault == FAULT_ERRNO) return -1;
  return (int)after(fault, syscall(SYS_openat, folder, path, flags, mode));
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(rest, int) : 0;
  va_end(rest);
  return open_with(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(rest, int) : 0;
  va_end(rest);
  return open_with(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(rest, int) : 0;
  va_end(rest);
  return open_with(folder, path, flags, mode);
}

static int reading_fails(int fd) {
  return descriptor_below_folder(fd) && next_fault_of(READING) == FAULT_ERRNO;
}

ssize_t read(int fd, void* data, size_t bytes) {
  return reading_fails(fd) ? -1 : syscall(SYS_read, fd, data, bytes);
}

ssize_t pread(int fd, void* data, size_t bytes, off_t offset) {
  return reading_fails(fd) ? -1 : syscall(SYS_pread64, fd, data, bytes, offset);
}

ssize_t pread64(int fd, void* data, size_t bytes, off64_t offset) {
  return reading_fails(fd) ? -1 : syscall(SYS_pread64, fd, data, bytes, offset);
}

DIR* opendir(const char* path) {
  if (below_folder(path) && next_fault_of(READING) == FAULT_ERRNO) return NULL;
  return ((DIR * (*)(const char*)) dlsym(RTLD_NEXT, "opendir"))(path);
}

struct dirent* readdir(DIR* folder) {
  if (reading_fails(dirfd(folder))) return NULL;
  return ((struct dirent * (*)(DIR*)) dlsym(RTLD_NEXT, "readdir"))(folder);
}

struct dirent64* readdir64(DIR* folder) {
  if (reading_fails(dirfd(folder))) return NULL;
  return ((struct dirent64 * (*)(DIR*)) dlsym(RTLD_NEXT, "readdir64"))(folder);
}

int fsync(int fd) {
  const enum fault fault = descriptor_below_folder(fd) ? next_fault() : FAULT_NONE;
  return fault == FAULT_ERRNO ? -1 : (int)after(fault, syscall(SYS_fsync, fd));
}

int fchmod(int fd, mode_t mode) {
  const enum fault fault = descriptor_below_folder(fd) ? next_fault() : FAULT_NONE;
  return fault == FAULT_ERRNO ? -1 : (int)after(fault, syscall(SYS_fchmod, fd, mode));
}

int close(int fd) {
  const int written = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
  const enum fault fault = written && descriptor_below_folder(fd) ? next_fault() : FAULT_NONE;
  const int saved = errno;
  const long result = syscall(SYS_close, fd); /* the descriptor is gone even where close fails */
  if (fault == FAULT_ERRNO) {
    errno = saved;
    return -1;
  }
  return (int)after(fault, result);
}

int rename(const char* from, const char* to) {
  const enum fault fault = below_folder(to) ? next_fault() : FAULT_NONE;
  return fault == FAULT_ERRNO ? -1 : (int)after(fault, syscall(SYS_rename, from, to));
}

int link(const char* from, const char* to) {
  if (below_folder(to) && getenv("FAULT_NO_LINKS") != NULL) {
    errno = EPERM;
    return -1;
  }
  const enum fault fault = below_folder(to) ? next_fault() : FAULT_NONE;
  return fault == FAULT_ERRNO ? -1 : (int)after(fault, syscall(SYS_link, from, to));
}

int mkdir(const char* path, mode_t mode) {
  const enum fault fault = below_folder(path) ? next_fault() : FAULT_NONE;
  return fault == FAULT_ERRNO ? -1 : (int)after(fault, syscall(SYS_mkdir, path, mode));
}

int unlink(const char* path) {
  /* Room can always be freed: a full disk lets names be removed. */
  const char* mode = getenv("FAULT_MODE");
  const int full = mode != NULL && strcmp(mode, "full") == 0;
  const enum fault fault = below_folder(path) && !full ? next_fault() : FAULT_NONE;
  return fault == FAULT_ERRNO ? -1 : (int)after(fault, syscall(SYS_unlink, path));
}

int remove(const char* path) { /* of files alone: nothing here removes a folder */
  return unlink(path);
}
