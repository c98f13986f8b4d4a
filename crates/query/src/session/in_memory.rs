//! Which operators must not spill, since their answers would be wrong?
//!
//! Where a join by inequality (`NestedLoopJoinExec`, release 55 of the engine) finds no room for its left side, it reads
//! that side again from the disk. Both of what follows is known upstream: reading again panics where an exchange
//! between threads lies below ("partition not used yet"), and left, semi and anti joins then give rows of every
//! thread that has not seen the match (apache/datafusion#22641). So these joins run without a disk, and end by
//! the memory limit; what is below them may spill as everything else.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties,
    ReplaceChildrenOptions,
};

/// The plan, with its joins by inequality kept in memory; `runtime` is what the rest of it runs with.
pub(super) fn keep_in_memory(
    plan: Arc<dyn ExecutionPlan>,
    runtime: &Arc<RuntimeEnv>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let without_disk = RuntimeEnvBuilder::from_runtime_env(runtime)
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()?;
    let within = |input: &Arc<dyn ExecutionPlan>, runtime: &Arc<RuntimeEnv>| -> Arc<dyn ExecutionPlan> {
        Arc::new(Within { input: Arc::clone(input), runtime: Arc::clone(runtime) })
    };
    let kept = plan.transform_up(|node| {
        if !node.is::<NestedLoopJoinExec>() {
            return Ok(Transformed::no(node));
        }
        let sides = node.children().into_iter().map(|side| within(side, runtime)).collect();
        let join =
            node.replace_children(sides, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))?;
        Ok(Transformed::yes(within(&join, &without_disk)))
    })?;
    Ok(kept.data)
}

/// Runs what is below it with another runtime than what is above it.
struct Within {
    input: Arc<dyn ExecutionPlan>,
    runtime: Arc<RuntimeEnv>,
}

impl fmt::Debug for Within {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Within").field("input", &self.input).finish_non_exhaustive()
    }
}

impl DisplayAs for Within {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl ExecutionPlan for Within {
    fn name(&self) -> &'static str {
        "WithinRuntime"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self { input, runtime: Arc::clone(&self.runtime) }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let context = TaskContext::new(
            context.task_id(),
            context.session_id(),
            context.session_config().clone(),
            context.scalar_functions().clone(),
            context.higher_order_functions().clone(),
            context.aggregate_functions().clone(),
            context.window_functions().clone(),
            Arc::clone(&self.runtime),
        );
        self.input.execute(partition, Arc::new(context))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow::array::{RecordBatch, StringArray, new_null_array};
    use fupan_model::Table;

    use crate::{QueryError, Session, SessionSettings, SqlLimits};

    /// Log records of which the engine can hold a part.
    async fn session(memory_bytes: usize, spill_folder: &std::path::Path) -> Session {
        const ROWS: usize = 4_000;
        let schema = Table::Logs.schema();
        let columns = schema.fields().iter().map(|field| match field.name().as_str() {
            "body" => std::sync::Arc::new(StringArray::from_iter_values(
                (0..ROWS).map(|row| format!("{row:06}{}", "x".repeat(500))),
            )) as arrow::array::ArrayRef,
            _ => new_null_array(field.data_type(), ROWS),
        });
        let rows = RecordBatch::try_new(schema.clone(), columns.collect()).unwrap();
        let settings = SessionSettings {
            memory_bytes,
            threads: 4,
            spill_folder: Some(spill_folder.to_owned()),
            ..SessionSettings::new().unwrap()
        };
        Session::from_batches(BTreeMap::from([(Table::Logs, vec![rows])]), settings).await.unwrap()
    }

    const ENOUGH: usize = 256 << 20;

    /// Rows of the left side without a partner, with one, and all of them: the engine's way over the disk
    /// panics, or gives some of them once per thread.
    const JOINS: [(&str, &str); 4] = [
        ("select count(*) from grouped a join grouped b on a.body < b.body", "inner"),
        ("select count(*) from grouped a left join grouped b on a.body > concat('9', b.body)", "left"),
        (
            "select count(*) from grouped a where exists (select 1 from grouped b where b.body > a.body)",
            "semi",
        ),
        (
            "select count(*) from grouped a where not exists (select 1 from grouped b where b.body > a.body)",
            "anti",
        ),
    ];

    #[tokio::test(flavor = "multi_thread")]
    async fn joins_by_inequality_answer_rightly_or_end_by_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let limits = SqlLimits { time_max: std::time::Duration::from_mins(5), ..SqlLimits::default() };
        let (plenty, little) = (session(ENOUGH, folder.path()).await, session(2 << 20, folder.path()).await);
        for (join, what) in JOINS {
            let statement =
                format!("with grouped as (select body, count(*) as n from logs group by body) {join}");
            let right = plenty.sql(&statement, &limits).await.unwrap();
            match little.sql(&statement, &limits).await {
                Ok(answer) => assert_eq!(answer.batches, right.batches, "{what}"),
                Err(error) => assert!(matches!(error, QueryError::Limit { .. }), "{what}: {error}"),
            }
        }
    }
}
