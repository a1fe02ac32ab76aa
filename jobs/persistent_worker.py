"""RQ's worker with a persistent work horse: it forks once for many jobs instead of once per job."""

import os
import random
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.timeouts import HorseMonitorTimeoutException

# Memory that jobs leave behind is freed with the horse.
JOBS_EACH = 1_000


class PersistentWorker(Worker):
    """Passes jobs to a horse process that keeps its connections and caches.

    Per job, a fork, two connections and a database process with an empty cache cost more than a short job's work. The
    horse is still a separate process: a job that hangs is killed, and a job that breaks its process is repeated.
    """

    _line: Connection | None = None
    _horse_id = 0
    _jobs_left = 0

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Pass the job to the horse; start a new horse if there is none, if it has ended, or after JOBS_EACH jobs."""
        assert self.execution is not None
        task = (job.id, queue.name, self.execution.id)
        if not self._jobs_left or not self._hand_over(task):
            self.retire_horse()
            self._fork()
            self._hand_over(task)
        self._jobs_left -= 1
        self._horse_pid = self._horse_id

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Wait until the job is done or the horse has ended, less than RQ's own alarm, which could interrupt a read."""
        assert self._line is not None
        if not self._line.poll(self.job_monitoring_interval / 2):
            raise HorseMonitorTimeoutException
        with suppress(EOFError, ConnectionError):
            self._line.recv()
            return self._horse_id, os.EX_OK, None
        self._jobs_left = 0
        return super().wait_for_horse()

    def retire_horse(self) -> None:
        """Close the connection to the horse, which ends after its job."""
        self._jobs_left = 0
        if self._line:
            self._line.close()
            self._line = None

    def _hand_over(self, task: tuple[str, str, str]) -> bool:
        assert self._line is not None
        with suppress(BrokenPipeError):
            self._line.send(task)
            return True
        return False

    def _fork(self) -> None:
        with suppress(ChildProcessError):  # those that have ended since
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        ours, its = Pipe()
        self._horse_id = os.fork()
        if not self._horse_id:
            ours.close()
            self._be_horse(its)
        its.close()
        self._line, self._jobs_left = ours, JOBS_EACH

    def _be_horse(self, line: Connection) -> None:
        """Perform jobs until the worker ends in any way; an error that RQ could not record ends the horse."""
        try:
            os.setpgrp()
            random.seed()
            self.setup_work_horse_signals()  # type: ignore[no-untyped-call]
            self._is_horse = True
            queues = {queue.name: queue for queue in self.queues}
            while True:
                job_id, queue_name, execution_id = line.recv()
                job = Job.fetch(job_id, connection=self.connection, serializer=self.serializer)
                self.execution = Execution(execution_id, job_id, connection=self.connection, worker_name=self.name)
                self.perform_job(job, queues[queue_name])
                line.send(None)
        except (EOFError, BrokenPipeError):
            os._exit(0)
        except BaseException:
            self.log.exception("the horse ended")
            os._exit(1)
