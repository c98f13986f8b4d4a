//! How is a plan run, within which limits?

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::in_memory::keep_in_memory;
use super::memory::MemoryWatch;
use crate::answer::{normalised, normalised_schema};
use crate::error::QueryError;
use crate::limits::{DOUBLE_DIGITS, STACK_BYTES, SUM_DIGITS, SqlLimits};

/// Rows, and what it took.
pub(super) struct Executed {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) schema: SchemaRef,
    pub(super) rows_read: u64,
    pub(super) is_truncated: bool,
}

/// Threads for one plan, left behind when time is up: what does not yield cannot be stopped, and must not
/// hold those on which its caller waits.
struct Threads(Option<Runtime>);

impl Threads {
    fn new(count: usize) -> Result<Self, QueryError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(count)
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| QueryError::Engine(format!("cannot start threads: {error}")))?;
        Ok(Self(Some(runtime)))
    }

    fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        match &self.0 {
            Some(runtime) => runtime.spawn(work),
            None => tokio::spawn(work),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs a plan, until it is done, too late or too large. With a time limit the work is done on threads of its own, so that the caller is answered in
/// time even where operators do not yield.
pub(super) async fn run(
    context: &SessionContext,
    plan: &LogicalPlan,
    limits: Option<&SqlLimits>,
) -> Result<Executed, QueryError> {
    let state = context.state();
    let threads = match limits {
        Some(_) => Threads::new(state.config().target_partitions())?,
        None => Threads(None),
    };
    let mut task = threads.spawn(collect(context.clone(), plan.clone(), limits.cloned()));
    let time_is_up = async {
        match limits {
            Some(limits) => {
                tokio::time::sleep(limits.time_max).await;
                QueryError::timed_out(limits.time_max)
            }
            None => std::future::pending().await,
        }
    };
    let memory_is_up = async {
        match state.config().get_extension::<MemoryWatch>() {
            Some(watch) => {
                watch.exceeded().await;
                QueryError::out_of_memory()
            }
            None => std::future::pending().await,
        }
    };
    let error = tokio::select! {
        ended = &mut task => {
            return ended.unwrap_or_else(|error| Err(QueryError::Engine(error.to_string())));
        }
        error = time_is_up => error,
        error = memory_is_up => error,
    };
    task.abort();
    Err(error)
}

async fn collect(
    context: SessionContext,
    plan: LogicalPlan,
    limits: Option<SqlLimits>,
) -> Result<Executed, QueryError> {
    let state = context.state();
    let digits = digits_of(&plan)?;
    let physical = state.create_physical_plan(&plan).await?;
    let physical = keep_in_memory(physical, state.runtime_env())?;
    let schema = normalised_schema(&physical.schema());
    let mut stream = execute_stream(Arc::clone(&physical), state.task_ctx())?;
    let (mut batches, mut rows, mut bytes, mut is_truncated) = (Vec::new(), 0usize, 0usize, false);
    while let Some(batch) = stream.next().await {
        let mut batch = normalised(&batch?, digits)?;
        if batch.num_rows() == 0 {
            continue;
        }
        if let Some(limits) = &limits {
            let left = limits.rows_max.saturating_sub(rows);
            if batch.num_rows() > left {
                batch = batch.slice(0, left);
                is_truncated = true;
            }
            bytes = bytes.saturating_add(batch.get_array_memory_size());
            if bytes > limits.answer_bytes_max {
                return Err(QueryError::Limit {
                    what: format!("the answer has more than {} bytes", limits.answer_bytes_max),
                    hint: "select fewer columns or rows".to_owned(),
                });
            }
        }
        rows += batch.num_rows();
        if batch.num_rows() > 0 {
            batches.push(batch);
        }
        if is_truncated {
            break;
        }
    }
    drop(stream);
    Ok(Executed { batches, schema, rows_read: rows_read(&physical), is_truncated })
}

/// Significant digits of a DOUBLE in the answer: fewer where it may come from several rows, in whatever order.
fn digits_of(plan: &LogicalPlan) -> Result<usize, QueryError> {
    let mut digits = DOUBLE_DIGITS;
    plan.apply_with_subqueries(|node| {
        if matches!(node, LogicalPlan::Aggregate(_) | LogicalPlan::Window(_)) {
            digits = SUM_DIGITS;
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(digits)
}

/// Rows that the scans of a plan gave.
fn rows_read(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    if plan.children().is_empty() {
        let rows = plan.metrics().and_then(|metrics| metrics.output_rows());
        return rows.map_or(0, |rows| rows as u64);
    }
    plan.children().into_iter().map(rows_read).sum()
}
