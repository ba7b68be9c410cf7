// Runs a piece of code in a child process and says how it ended.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

// The exit code, or 128 + n for death by signal n. `body` returns the exit code.
template <typename Body>
int run_in_child(Body&& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
