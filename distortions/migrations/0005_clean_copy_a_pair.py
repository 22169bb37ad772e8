from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('distortions', '0004_answers_once'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='cleancopy',
            name='clean_copies_once',
        ),
        # 0: those that all pairs of a clip shared. No new pair takes them.
        migrations.AddField(
            model_name='cleancopy',
            name='seed',
            field=models.PositiveBigIntegerField(default=0, help_text="Of its finish: that of the pair's first result."),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name='cleancopy',
            constraint=models.UniqueConstraint(fields=('source', 'longest_side', 'seed'), name='clean_copies_once_a_pair'),
        ),
    ]
